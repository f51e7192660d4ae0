/** The engine's cache over reloads: finds the results of a matrix that are kept already, and keeps new ones. Never in the way of a run. */
import { openResults, type ResultsStore, storeTrouble } from './results-store';
import { within } from './within';
import type { Matrix, MatrixKey, Outcome } from '../wasm/simd/lorascope';

/** Names as the plan in force has them; what is kept may come from files named otherwise. */
export type Names = Pick<Matrix, 'name' | 'layer' | 'type'>;

/** Longest wait for an answer of the store, in ms: many times what a large matrix takes on a busy disk. */
const PATIENCE = 20_000;

const none: Promise<undefined> = Promise.resolve(undefined);

export class KeptResults {
  #store: Promise<ResultsStore | undefined>;
  readonly #asked = new Set<Promise<unknown>>();
  /** The reason why results are not kept, in words; empty while they are. */
  trouble = '';

  constructor(wanted: boolean) {
    this.#store = wanted ? openResults().catch((error: unknown) => this.#fail(error)) : none;
  }

  async on(): Promise<boolean> {
    return (await this.#store) !== undefined;
  }

  /** The outcomes of all models, or undefined where one is missing. */
  recall(keys: readonly MatrixKey[], digests: readonly string[], names: Names): Promise<Outcome[] | undefined> {
    return this.#ask(async (store) => {
      if (keys.length === 0) return undefined;
      const outcomes: Outcome[] = [];
      for (const key of keys) {
        const matrix = await store.get(await address(key, digests));
        if (!matrix) return undefined;
        outcomes.push({ model: key.model, matrix: { ...matrix, ...names } });
      }
      return outcomes;
    });
  }

  /** A failed result is not kept: another time it may succeed. */
  async keep(keys: readonly MatrixKey[], digests: readonly string[], outcomes: readonly Outcome[]): Promise<void> {
    await this.#ask(async (store) => {
      const entries = new Map<string, Matrix>();
      for (const key of keys) {
        const matrix = outcomes.find(({ model }) => model === key.model)?.matrix;
        if (matrix && matrix.status !== 'failed') entries.set(await address(key, digests), matrix);
      }
      await store.put(entries);
      this.trouble = '';
    });
  }

  /** Undefined where the store fails. One that does not answer at all is not asked again: WebKit's waits for ever for a transaction of a worker
   * that was ended in the middle of it. */
  async #ask<T>(work: (store: ResultsStore) => Promise<T>): Promise<T | undefined> {
    const store = await this.#store;
    if (!store) return undefined;
    const late = within(PATIENCE, 'it does not answer');
    const answer = work(store);
    this.#asked.add(answer);
    try {
      return await Promise.race([answer, late.over]);
    } catch (error) {
      if (error === late.error) this.#store = none;
      return this.#fail(error);
    } finally {
      this.#asked.delete(answer);
      late.stop();
    }
  }

  /** Keeps nothing more; resolves when what was begun is over. */
  async close(): Promise<void> {
    this.#store = none;
    await Promise.allSettled(this.#asked);
  }

  #fail(error: unknown): undefined {
    this.trouble = storeTrouble(error);
    return undefined;
  }
}

/** SHA-256 of bytes, in hexadecimal. */
export async function sha256(bytes: BufferSource): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function address({ recipe, tensors }: MatrixKey, digests: readonly string[]): Promise<string> {
  return sha256(new TextEncoder().encode(JSON.stringify([recipe, ...tensors.map((at) => digests[at])])));
}
