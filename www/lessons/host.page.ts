/** The page's host: a worker of its own, so that a lesson never holds up the page. It starts as the engine does, with the same limits and tries. */
import { Cancelled } from '../engine/errors';
import { startLife } from '../engine/life';
import { type News, Starter } from '../engine/start';
import { choose } from '../engine/wasm';
import type { Host } from './host';
import type { Remote } from './host.worker';
import workerUrl from './host.worker.ts?worker&url';

export interface PageHost extends Host {
  /** All checkpoints in one file. */
  zip(): Promise<Uint8Array<ArrayBuffer>>;
}

export async function startHost(news: News): Promise<PageHost> {
  const asked = await choose(location.search, navigator.hardwareConcurrency);
  const starter = new Starter<Remote>(
    asked,
    (choice, heard) =>
      startLife(
        { url: workerUrl, name: 'lorascope-lessons' },
        (remote, lock, say) => remote.start(choice, lock, say),
        heard,
      ),
    news,
  );
  const { remote, ended, end } = await starter.start().catch(said);
  const died = ended.catch(said);
  died.catch(() => undefined);
  const alive = <T>(answer: Promise<T>): Promise<T> => Promise.race([answer, died]);
  return {
    open: (id, dials) => alive(remote.open(id, dials)),
    turn: (dials) => alive(remote.turn(dials)),
    advance: (milliseconds) => alive(remote.advance(milliseconds)),
    files: () => alive(remote.files()),
    zip: () => alive(remote.zip()),
    close: () => end(new Cancelled('closed')),
  };
}

/** Throws an error again as a sentence: it is shown between two others. */
function said(error: unknown): never {
  const why = error instanceof Error ? error.message : String(error);
  throw new Error(`${why.charAt(0).toUpperCase()}${why.slice(1)}.`);
}
