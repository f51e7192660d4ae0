/** The engine's memory over reloads: which results of one matrix are kept already, and keeping new ones. Never in the way of a run. */
import { openResults, type ResultsStore, storeTrouble } from './results-store';
import type { Matrix, MatrixKey, Outcome } from '../wasm/simd/lorascope';

/** Names as the plan in force has them; what is kept may come from files named otherwise. */
export type Names = Pick<Matrix, 'name' | 'layer' | 'type'>;

export class KeptResults {
  readonly #store: Promise<ResultsStore | undefined>;
  /** Why results are not kept, in words; empty while they are. */
  trouble = '';

  constructor(wanted: boolean) {
    this.#store = wanted ? openResults().catch((error: unknown) => this.#fail(error)) : Promise.resolve(undefined);
  }

  async on(): Promise<boolean> {
    return (await this.#store) !== undefined;
  }

  /** The outcomes of all models, or undefined where one is missing. */
  async recall(keys: readonly MatrixKey[], digests: readonly string[], names: Names): Promise<Outcome[] | undefined> {
    try {
      const store = await this.#store;
      if (!store || keys.length === 0) return undefined;
      const outcomes: Outcome[] = [];
      for (const key of keys) {
        const matrix = await store.get(await address(key, digests));
        if (!matrix) return undefined;
        outcomes.push({ model: key.model, matrix: { ...matrix, ...names } });
      }
      return outcomes;
    } catch (error) {
      this.#fail(error);
      return undefined;
    }
  }

  /** What failed may succeed another time, so it is not kept. */
  async keep(keys: readonly MatrixKey[], digests: readonly string[], outcomes: readonly Outcome[]): Promise<void> {
    try {
      const store = await this.#store;
      if (!store) return;
      const entries = new Map<string, Matrix>();
      for (const key of keys) {
        const matrix = outcomes.find(({ model }) => model === key.model)?.matrix;
        if (matrix && matrix.status !== 'failed') entries.set(await address(key, digests), matrix);
      }
      await store.put(entries);
      this.trouble = '';
    } catch (error) {
      this.#fail(error);
    }
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
