/** A lock that a worker holds for its whole life: one that runs out of memory raises no event, but its lock comes free. */

/** A name of its own. Locks are there in secure contexts only; empty where there are none, and a silent end is not noticed then. */
export function lockName(): string {
  return globalThis.isSecureContext && 'locks' in navigator ? `lorascope-${crypto.randomUUID()}` : '';
}

/** Holds the lock, in the worker: resolves when it is held, and never lets go. */
export function hold(lock: string): Promise<void> {
  if (!lock) return Promise.resolve();
  return new Promise((held) => {
    void navigator.locks.request(lock, () => {
      held();
      return new Promise<never>(() => undefined);
    });
  });
}

/** Waits on the page for a lock that is held: when it comes free, the worker has died. */
export function listenForDeath(lock: string, died: () => void): void {
  if (lock) void navigator.locks.request(lock, died).catch(() => undefined);
}
