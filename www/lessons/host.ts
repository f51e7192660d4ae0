/** The host of a lesson: on the page a worker, in an embed the page itself, a slice at a time. */
import type { Report, Scene } from '../wasm/simd/lorascope';

/** The numbers of a scene by name; what is not known yet is not there. */
export type Facts = Readonly<Record<string, number | undefined>>;

/** The core's answer to a setting of the dials. */
export interface Shown {
  report: Report;
  facts: Facts;
  /** The share of the lesson's work that is done; 1 where nothing is left. */
  done: number;
}

export interface SavedFile {
  path: string;
  bytes: Uint8Array<ArrayBuffer>;
}

/** One lesson at a time. Dials are JSON. */
export interface Host {
  open(id: string, dials: string): Promise<Shown>;
  /** Other dials: what depends on them is computed again. */
  turn(dials: string): Promise<Shown>;
  /** Goes on with what is left, for about as many milliseconds. */
  advance(milliseconds: number): Promise<Shown>;
  /** Checkpoints made here. */
  files(): Promise<SavedFile[]>;
  close(): void;
}

/** The wasm side of a lesson, in any build. */
export interface Core {
  turn(dials: string): void;
  advance(): boolean;
  done(): number;
  scene(): Scene;
  files(): { path: string; bytes: Uint8Array; free(): void }[];
  free(): void;
}

/** Runs a lesson where the wasm is. */
export class Runner {
  readonly #Core: new (
    id: string,
    dials: string,
  ) => Core;
  #core: Core | undefined;

  constructor(Core: new (id: string, dials: string) => Core) {
    this.#Core = Core;
  }

  open(id: string, dials: string): Shown {
    this.#core?.free();
    this.#core = undefined;
    this.#core = new this.#Core(id, dials);
    return this.#shown();
  }

  turn(dials: string): Shown {
    this.#open().turn(dials);
    return this.#shown();
  }

  advance(milliseconds: number): Shown {
    const core = this.#open();
    const end = performance.now() + milliseconds;
    while (core.advance() && performance.now() < end);
    return this.#shown();
  }

  files(): SavedFile[] {
    return this.#open()
      .files()
      .map((file) => {
        // A handle into the wasm: what it holds is copied out.
        const { path } = file;
        const bytes = new Uint8Array(file.bytes);
        file.free();
        return { path, bytes };
      });
  }

  #open(): Core {
    if (!this.#core) throw new Error('No lesson is open.');
    return this.#core;
  }

  #shown(): Shown {
    const core = this.#open();
    const { report, facts } = core.scene();
    return { report, facts: Object.fromEntries(facts.map(({ name, value }) => [name, value])), done: core.done() };
  }
}
