/** The store of results: finished matrices under the hash of everything they depend on. The worker fills it, the page counts and empties it. */
import { type DBSchema, type IDBPDatabase, openDB } from 'idb';
import { pack, type Packed, sizeOf, unpack } from './pack';
import { within } from './within';
import type { Matrix } from '../wasm/simd/lorascope';

/** The sizes stand apart: counting what is kept must not read it. */
interface Schema extends DBSchema {
  matrices: { key: string; value: Packed };
  sizes: { key: string; value: number };
}

export interface Kept {
  /** One per matrix and model. */
  results: number;
  bytes: number;
}

export class ResultsStore {
  readonly #db: IDBPDatabase<Schema>;

  constructor(db: IDBPDatabase<Schema>) {
    this.#db = db;
  }

  async get(key: string): Promise<Matrix | undefined> {
    const packed = await this.#db.get('matrices', key);
    return packed === undefined ? undefined : (unpack(packed) as Matrix);
  }

  /** All of them or none. */
  async put(entries: ReadonlyMap<string, Matrix>): Promise<void> {
    const transaction = this.#db.transaction(['matrices', 'sizes'], 'readwrite');
    const writes = [...entries].flatMap(([key, matrix]) => {
      const packed = pack(matrix);
      return [
        transaction.objectStore('matrices').put(packed, key),
        transaction.objectStore('sizes').put(sizeOf(packed), key),
      ];
    });
    // A write that fails ends the transaction, which says why.
    void Promise.allSettled(writes);
    await transaction.done;
  }

  async kept(): Promise<Kept> {
    const sizes = await this.#db.getAll('sizes');
    return { results: sizes.length, bytes: sizes.reduce((sum, size) => sum + size, 0) };
  }

  async clear(): Promise<void> {
    const transaction = this.#db.transaction(['matrices', 'sizes'], 'readwrite');
    await Promise.all([
      transaction.objectStore('matrices').clear(),
      transaction.objectStore('sizes').clear(),
      transaction.done,
    ]);
  }
}

/** Some browsers never answer where storage is blocked. */
const PATIENCE = 4000;

/** Rejects where the browser refuses to keep anything. */
export async function openResults(): Promise<ResultsStore> {
  const open = openDB<Schema>('lorascope-results', 1, {
    upgrade(db) {
      db.createObjectStore('matrices');
      db.createObjectStore('sizes');
    },
  });
  const late = within(PATIENCE, 'the browser does not open its storage');
  return new ResultsStore(await Promise.race([open, late.over]).finally(late.stop));
}

/** Whether results are to be kept at all: hashes need a secure context, and `?store=off` wants nothing kept. */
export function storeWanted(search: string): boolean {
  return (
    new URLSearchParams(search).get('store') !== 'off' &&
    globalThis.crypto?.subtle !== undefined &&
    globalThis.indexedDB !== undefined
  );
}

/** The message of an error of the storage, for the reader. */
export function storeTrouble(error: unknown): string {
  if (error instanceof DOMException && error.name === 'QuotaExceededError')
    return 'The space that the browser gives to this page is full.';
  return `The browser refuses its storage: ${error instanceof Error ? error.message : String(error)}.`.replace(
    /\.+$/,
    '.',
  );
}
