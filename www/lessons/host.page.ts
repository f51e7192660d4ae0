/** The page's host: a worker of its own, so that a lesson never holds up the page. */
import { wrap } from 'comlink';
import { choose } from '../engine/wasm';
import type { Host } from './host';
import type { Remote } from './host.worker';
import workerUrl from './host.worker.ts?worker&url';

export interface PageHost extends Host {
  /** All checkpoints in one file. */
  zip(): Promise<Uint8Array<ArrayBuffer>>;
}

export async function startHost(): Promise<PageHost> {
  const choice = await choose(location.search, navigator.hardwareConcurrency);
  // From a blob, as the engine's: it inherits the page's Content-Security-Policy.
  const source = `import ${JSON.stringify(new URL(workerUrl, import.meta.url).href)}`;
  const blob = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
  const worker = new Worker(blob, { type: 'module', name: 'lorascope-lessons' });
  const died = new Promise<never>((_, reject) => {
    worker.onerror = (event) =>
      reject(new Error(`The lesson stopped: ${event.message || 'its worker could not be loaded'}.`));
  });
  died.catch(() => undefined);
  const remote = wrap<Remote>(worker);
  await Promise.race([remote.start(choice), died]);
  URL.revokeObjectURL(blob);
  const alive = <T>(answer: Promise<T>): Promise<T> => Promise.race([answer, died]);
  return {
    open: (id, dials) => alive(remote.open(id, dials)),
    turn: (dials) => alive(remote.turn(dials)),
    advance: (milliseconds) => alive(remote.advance(milliseconds)),
    files: () => alive(remote.files()),
    zip: () => alive(remote.zip()),
    close: () => worker.terminate(),
  };
}
