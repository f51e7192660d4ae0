/** One life of the engine's worker: how it starts, and how its end is heard of. */
import { type Remote as Proxied, proxy, wrap } from 'comlink';
import type { EngineInfo, Start } from './engine';
import { Stalled, WorkerDied } from './errors';
import { PATIENCE, STALLED, type Step } from './steps';
import type { Remote } from './engine.worker';
import workerUrl from './engine.worker.ts?worker&url';

/** `end` rejects every call that still waits. */
export interface Life {
  remote: Proxied<Remote>;
  info: EngineInfo;
  ended: Promise<never>;
  end(reason: Error): void;
}

/** A worker from a small blob module: it inherits the page's Content-Security-Policy, which a worker from the network would not. */
export async function startLife(options: Omit<Start, 'lock'>, heard: (step: Step) => void): Promise<Life> {
  const source = `import ${JSON.stringify(new URL(workerUrl, import.meta.url).href)}`;
  const blob = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
  const worker = new Worker(blob, { type: 'module', name: 'lorascope' });
  let end: (reason: Error) => void = () => undefined;
  const ended = new Promise<never>((_, reject) => {
    end = (reason) => {
      clearTimeout(silence);
      worker.terminate();
      reject(reason);
    };
  });
  // Nothing else tells of a worker, or of a thread of its own, that never comes up.
  let silence: ReturnType<typeof setTimeout> | undefined;
  // Steps come by a port of their own, and the last of them may come after the answer.
  let up = false;
  const say = (step: Step | undefined) => {
    clearTimeout(silence);
    if (!step) return;
    silence = setTimeout(() => end(new Stalled(STALLED[step])), PATIENCE[step]);
    if (!up && step !== 'warm-up') heard(step);
  };
  ended.catch(() => undefined);
  worker.onerror = (event) => {
    event.preventDefault();
    end(new WorkerDied(`the engine stopped: ${event.message || 'its worker could not be loaded'}`, false));
  };
  try {
    const remote = wrap<Remote>(worker);
    const lock = lockName();
    say('fetch');
    const info = await Promise.race([remote.start({ ...options, lock }, proxy(say)), ended]);
    up = true;
    if (lock)
      listenForDeath(lock, () => end(new WorkerDied('the engine stopped: the browser ended its worker', false)));
    return { remote, info, ended, end };
  } catch (error) {
    clearTimeout(silence);
    worker.terminate();
    throw error;
  } finally {
    URL.revokeObjectURL(blob);
  }
}

/** Locks are there in secure contexts only. Without them a worker that the browser ends in silence is not noticed. */
function lockName(): string {
  return globalThis.isSecureContext && 'locks' in navigator ? `lorascope-${crypto.randomUUID()}` : '';
}

/** A worker that runs out of memory raises no event; the lock that it held comes free. */
function listenForDeath(lock: string, died: () => void): void {
  void navigator.locks.request(lock, died).catch(() => undefined);
}
