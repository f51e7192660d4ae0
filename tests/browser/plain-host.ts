/** A static host that knows no header but the type, and those it is told: no isolation, no policy. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';

const TYPES: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.wasm': 'application/wasm',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
};

export interface Host {
  url: string;
  close(): Promise<void>;
}

/** Serves folders by the paths they stand under, the longest first; `pages` may change what a page holds. */
export async function plainHost(
  folders: Record<string, string>,
  headers: Record<string, string> = {},
  pages = (page: string) => page,
): Promise<Host> {
  const server: Server = createServer(async (request, response) => {
    const path = new URL(request.url ?? '/', 'http://host').pathname.replace(/\/$/, '/index.html');
    try {
      const under = Object.keys(folders)
        .sort((a, b) => b.length - a.length)
        .find((prefix) => path.startsWith(prefix));
      if (under === undefined) throw new Error('outside the folders');
      const body = await readFile(join(folders[under]!, path.slice(under.length)));
      const type = TYPES[extname(path)] ?? 'application/octet-stream';
      response.setHeaders(new Map([...Object.entries(headers), ['Content-Type', type]]));
      response.end(type === 'text/html' ? pages(body.toString()) : body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () =>
    new Promise<void>((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    });
  return { url: `http://localhost:${(server.address() as AddressInfo).port}`, close };
}
