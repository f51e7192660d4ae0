// Serves dist/ as a host with the right headers would.
import { at } from './paths.mjs';

/** `{ url, close() }`, on the port asked for, or on the first free one from 4173. */
export async function serve(port) {
  const { preview } = await import('vite');
  const server = await preview({
    root: at(),
    logLevel: 'error',
    preview: { host: '127.0.0.1', port: port ?? 4173, strictPort: port !== undefined },
  });
  return { url: `http://localhost:${server.httpServer.address().port}/`, close: () => server.close() };
}
