/** One life of a worker that computes: its start, and the news of its end. */
import { type Remote as Proxied, proxy, wrap } from 'comlink';
import type { EngineInfo } from './engine';
import { Stalled, WorkerDied } from './errors';
import { PATIENCE, STALLED, type Step } from './steps';
import { listenForDeath, lockName } from './lock';
import { within } from './within';

/** `end` rejects every call that still waits, and resolves when the worker is gone: at once, or after what it is given to do before. */
export interface Life<Remote> {
  remote: Proxied<Remote>;
  info: EngineInfo;
  ended: Promise<never>;
  end(reason: Error, before?: Promise<unknown>): Promise<void>;
}

/** Longest wait for what a worker does before it is ended, in ms. One that computes without threads answers nothing. */
const FAREWELL = 1500;

/** Begins a life in a new worker, which holds the lock and says each step, and nothing when the last is over. */
export type Begin<Remote> = (
  remote: Proxied<Remote>,
  lock: string,
  say: (step: Step | undefined) => void,
) => Promise<EngineInfo>;

/** The script of a worker, and the name that developer tools show. */
export interface Script {
  url: string;
  name: string;
}

/** A worker from a small blob module: it inherits the page's Content-Security-Policy, which a worker from the network would not. */
export async function startLife<Remote>(
  { url, name }: Script,
  begin: Begin<Remote>,
  heard: (step: Step) => void,
): Promise<Life<Remote>> {
  const source = `import ${JSON.stringify(new URL(url, import.meta.url).href)}`;
  const blob = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
  const worker = new Worker(blob, { type: 'module', name });
  let end: Life<Remote>['end'] = () => Promise.resolve();
  const ended = new Promise<never>((_, reject) => {
    end = async (reason, before) => {
      clearTimeout(silence);
      reject(reason);
      if (before) {
        const late = within(FAREWELL, 'no farewell');
        await Promise.race([before, late.over]).catch(() => undefined);
        late.stop();
      }
      worker.terminate();
    };
  });
  // Nothing else tells of a worker, or of a thread of its own, that never comes up.
  let silence: ReturnType<typeof setTimeout> | undefined;
  // Steps come by a port of their own, and the last of them may come after the answer.
  let up = false;
  const say = (step: Step | undefined) => {
    clearTimeout(silence);
    if (!step) return;
    silence = setTimeout(() => void end(new Stalled(STALLED[step])), PATIENCE[step]);
    if (!up && step !== 'warm-up') heard(step);
  };
  ended.catch(() => undefined);
  worker.onerror = (event) => {
    event.preventDefault();
    void end(new WorkerDied(`the engine stopped: ${event.message || 'its worker could not be loaded'}`, false));
  };
  try {
    const remote = wrap<Remote>(worker);
    const lock = lockName();
    say('fetch');
    const info = await Promise.race([begin(remote, lock, proxy(say)), ended]);
    up = true;
    listenForDeath(lock, () => void end(new WorkerDied('the engine stopped: the browser ended its worker', false)));
    return { remote, info, ended, end };
  } catch (error) {
    clearTimeout(silence);
    worker.terminate();
    throw error;
  } finally {
    URL.revokeObjectURL(blob);
  }
}
