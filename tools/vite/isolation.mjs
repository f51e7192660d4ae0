// Cross-origin isolation: threads need shared memory, which browsers give to isolated pages only. Two headers, or, on a host that sends
// none, coi-serviceworker, which adds them in the visitor's own browser after one reload. By itself it reloads as soon as its worker is found,
// and once more where that worker was not yet at work by then.
import { readFileSync } from 'node:fs';
import { at } from '../paths.mjs';

const HEADERS = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };
const SCRIPT = 'coi-serviceworker.js';
const ONE_RELOAD = `if (typeof window !== 'undefined') {
  let again = false;
  window.coi = {
    doReload() {
      if (again) return;
      again = true;
      navigator.serviceWorker.ready.then(() => location.reload());
    },
  };
}
`;

export function isolation() {
  const source = () => ONE_RELOAD + readFileSync(at('node_modules/coi-serviceworker', SCRIPT), 'utf8');
  return {
    name: 'lorascope-isolation',
    config: () => ({ server: { headers: HEADERS }, preview: { headers: HEADERS } }),
    configureServer(server) {
      server.middlewares.use(`/${SCRIPT}`, (_request, response) =>
        response.setHeader('Content-Type', 'text/javascript').end(source()),
      );
    },
    generateBundle() {
      // A worker's build has no page, and a service worker must keep its name and place.
      if (this.environment.name === 'client') this.emitFile({ type: 'asset', fileName: SCRIPT, source: source() });
    },
  };
}
