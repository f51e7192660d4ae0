// Cross-origin isolation: threads need shared memory, which browsers give to isolated pages only. Two headers, or, on a host that sends
// none, coi-serviceworker, which adds them in the visitor's own browser after one reload.
import { readFileSync } from 'node:fs';
import { at } from '../paths.mjs';

const HEADERS = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };
const SCRIPT = 'coi-serviceworker.js';

export function isolation() {
  const source = () => readFileSync(at('node_modules/coi-serviceworker', SCRIPT));
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
