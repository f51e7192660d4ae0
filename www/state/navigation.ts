/** Opening and closing one matrix. The browser's Back button closes it too, and the page returns to where it was. */
import { CORNER } from '../contract';
import type { State } from './state';
import type { Store } from './store';

/** The first name after one, and around the end, for which something holds; undefined where it holds for no other. */
export function following(
  names: readonly string[],
  one: string | undefined,
  holds: (name: string) => boolean,
): string | undefined {
  const at = names.indexOf(one ?? '');
  return [...names.slice(at + 1), ...names.slice(0, Math.max(0, at))].find(holds);
}

export class Navigation {
  readonly #store: Store;
  /** The scroll position of the results when a matrix was opened. */
  #scroll = 0;

  constructor(store: Store) {
    this.#store = store;
    addEventListener('popstate', (event) => this.#go((event.state as { matrix?: string } | null)?.matrix));
  }

  /** Opens a matrix, for the model that is looked at or for another. */
  open(matrix: string, model?: number): void {
    if (model !== undefined) this.#store.update((s) => ({ ...s, model, vector: undefined }));
    const entry = { ...(history.state as object | null), matrix };
    if (this.#store.state.open === undefined) {
      this.#scroll = scrollY;
      history.pushState(entry, '');
    } else {
      history.replaceState(entry, '');
    }
    this.#go(matrix);
  }

  close(): void {
    if (this.#store.state.open !== undefined) history.back();
  }

  /** The matrix `by` places further in the order of the network. */
  step(by: number): void {
    const { plan, open } = this.#store.state;
    const names = plan?.matrices.map((m) => m.name) ?? [];
    const next = names[names.indexOf(open ?? '') + by];
    if (open !== undefined && next !== undefined) this.open(next);
  }

  #go(matrix: string | undefined): void {
    const was = this.#store.state.open;
    // An entry of the history may be about files that are no longer here.
    const known = this.#store.state.plan?.matrices.some((m) => m.name === matrix);
    this.#store.update(
      (s): State => ({
        ...s,
        ...(known && matrix !== s.open ? { vector: undefined, origin: { i: 0, j: 0 }, top: CORNER } : {}),
        open: known ? matrix : undefined,
        screen: known ? 'results' : s.screen,
        focus: undefined,
      }),
    );
    if (was === undefined && known) this.#afterRender(() => scrollTo(0, 0));
    if (was !== undefined && !known) this.#afterRender(() => scrollTo(0, this.#scroll));
  }

  /** The store renders in the next frame, and its views a microtask later. */
  #afterRender(then: () => void): void {
    requestAnimationFrame(() => setTimeout(then));
  }
}
