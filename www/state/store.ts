/** The store of the one State: tells its readers of changes, at most once per animation frame. */
import type { State } from './state';
import type { Focus } from '../wasm/simd/lorascope';

/** The pointer that all figures of a page share. */
export interface Pointer {
  readonly focus: Focus | undefined;
  point(focus: Focus | undefined): void;
}

export class Store implements Pointer {
  #state: State;
  #scheduled = false;
  readonly #render: (state: State) => void;

  constructor(state: State, render: (state: State) => void) {
    this.#state = state;
    this.#render = render;
  }

  get state(): State {
    return this.#state;
  }

  update(change: (state: State) => State): void {
    const next = change(this.#state);
    if (next === this.#state) return;
    this.#state = next;
    this.schedule();
  }

  get focus(): Focus | undefined {
    return this.#state.focus;
  }

  point(focus: Focus | undefined): void {
    this.update((s) => ({ ...s, focus }));
  }

  /** Asks for one more rendering, for changes outside the state (the theme, a loaded module). */
  schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    requestAnimationFrame(() => {
      this.#scheduled = false;
      this.#render(this.#state);
    });
  }
}
