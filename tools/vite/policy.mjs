// The Content-Security-Policy, written once, in index.html. Our servers send it as a header too, so that workers
// are held to it, as they are on a host set up well; the dev server alone loosens it, for Vite's own client.
import { readFileSync } from 'node:fs';
import { at } from '../paths.mjs';

const META = /(<meta\s+http-equiv="Content-Security-Policy"\s+content=")([^"]*)"/;

export function policy() {
  const send = (middlewares, value) => {
    middlewares.use((_request, response, next) => {
      response.setHeader('Content-Security-Policy', value);
      next();
    });
  };
  return {
    name: 'lorascope-policy',
    configureServer: (server) => send(server.middlewares, loosened(written())),
    configurePreviewServer: (server) => send(server.middlewares, written()),
    transformIndexHtml: {
      order: 'pre',
      handler: (html, { server }) =>
        server ? html.replace(META, (_, head, value) => `${head}${loosened(value)}"`) : html,
    },
  };
}

function written() {
  const value = readFileSync(at('index.html'), 'utf8').match(META)?.[2];
  if (!value) throw new Error('index.html carries no Content-Security-Policy');
  return value.replace(/\s+/g, ' ').trim();
}

/** Vite's client puts styles into the page and talks to its server over a socket. */
function loosened(value) {
  return value
    .replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")
    .replace("connect-src 'self'", "connect-src 'self' ws:");
}
