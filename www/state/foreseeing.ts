/** Asks the engine for the margins of all changes, a matrix after the other. */
import type { Engine } from '../engine/engine';
import type { Late } from '../engine/late';
import { began, came } from './foresight';
import { taskOf } from './modes';
import type { Store } from './store';

/** Matrices asked for at once: one computes while another is read. */
const AT_ONCE = 2;

export class Foreseeing {
  readonly #store: Store;
  readonly #engine: Late<Engine>;
  #stop = new AbortController();

  constructor(store: Store, engine: Late<Engine>) {
    this.#store = store;
    this.#engine = engine;
  }

  async start(): Promise<void> {
    const { plan, status, foresight } = this.#store.state;
    if (!plan || status === 'running' || foresight?.status === 'running') return;
    const { signal } = (this.#stop = new AbortController());
    this.#store.update((s) => began(s, plan.matrices.length));
    const task = taskOf(this.#store.state);
    const engine = await this.#engine.get();
    const queue = plan.matrices.keys();
    const next = async () => {
      for (const at of queue) {
        if (signal.aborted) return;
        const [found, reason] = await engine.foresee(at, task).then(
          (margins) => [margins, ''] as const,
          (error: unknown) => [[], error instanceof Error ? error.message : String(error)] as const,
        );
        // Another plan is another question.
        if (signal.aborted || this.#store.state.plan !== plan) return;
        this.#store.update((s) => came(s, found, reason));
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, next));
  }

  /** Nothing more is asked for; a matrix under way ends in the worker. */
  stop(): void {
    this.#stop.abort();
    if (this.#store.state.foresight?.status === 'running') this.#store.update((s) => ({ ...s, foresight: undefined }));
  }
}
