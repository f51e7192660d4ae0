/** Lazy initialization: something heavy is begun by the first who wants it, once for all who do. */
export class Late<T> {
  readonly #begin: () => Promise<T>;
  #begun: Promise<T> | undefined;

  constructor(begin: () => Promise<T>) {
    this.#begin = begin;
  }

  /** It, begun now where nobody has wanted it before. */
  get(): Promise<T> {
    return (this.#begun ??= this.#begin());
  }

  /** It, where somebody has. */
  get begun(): Promise<T> | undefined {
    return this.#begun;
  }
}

/** Resolves when the browser has nothing else to do. */
export function idle(): Promise<unknown> {
  return new Promise((resolve) =>
    'requestIdleCallback' in globalThis ? requestIdleCallback(resolve) : setTimeout(resolve, 1000),
  );
}
