/** Stands in for the page: starts the engine's worker and says which build runs. */
import workerUrl from './engine.worker.ts?worker&url';

// A worker started from a blob is held to this page's policy; one started from an address is not.
const start = `import ${JSON.stringify(new URL(workerUrl, document.baseURI).href)};`;
const worker = new Worker(URL.createObjectURL(new Blob([start], { type: 'text/javascript' })), { type: 'module' });
worker.onmessage = ({ data }: MessageEvent<Record<string, string>>) => Object.assign(document.documentElement.dataset, data);
