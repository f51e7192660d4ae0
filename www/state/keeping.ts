/** The page's side of the store of results: counts it, and empties it when the reader asks. */
import { openResults, type ResultsStore, storeTrouble, storeWanted } from '../engine/results-store';
import type { State } from './state';
import type { Store } from './store';
import { forget, remembered } from './unfinished';

export class Keeping {
  readonly #store: Store;
  #results: Promise<ResultsStore> | undefined;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Counts anew; says nothing where nothing is kept. */
  count(): Promise<void> {
    return this.#with((results) => results.kept().then((kept) => ({ kept, unfinished: remembered() })));
  }

  /** Empties the store, and gives it another chance to keep something. */
  clear(): Promise<void> {
    return this.#with(async (results) => {
      await results.clear();
      forget();
      return { kept: await results.kept(), unfinished: undefined, storeNotice: '' };
    });
  }

  async #with(ask: (results: ResultsStore) => Promise<Partial<State>>): Promise<void> {
    if (!storeWanted(location.search)) return;
    try {
      const results = await (this.#results ??= openResults());
      const known = await ask(results);
      this.#store.update((s) => ({ ...s, ...known }));
    } catch (error) {
      this.#results = undefined;
      this.#store.update((s): State => ({ ...s, kept: undefined, storeNotice: s.storeNotice || storeTrouble(error) }));
    }
  }
}
