/** The start of the engine as a state machine: its step, the silence allowed there, a second try where it fails, and one thread at last. */
import type { EngineInfo } from './engine';
import { Stalled } from './errors';
import type { Life } from './life';
import type { Step } from './steps';
import { type Choice, withoutThreads } from './wasm';

export interface Starting {
  step: Step;
  /** The number of the try, from 1. */
  attempt: number;
  /** 0: without threads. */
  threads: number;
}

/** The listener of starts: it hears of each step, and of what runs in the end. */
export interface News {
  starting(now: Starting): void;
  runs(info: EngineInfo): void;
}

/** Tries with the build that was chosen. */
const TRIES = 2;

/** Starts a life with a build. */
export type Live<Remote> = (choice: Choice, heard: (step: Step) => void) => Promise<Life<Remote>>;

/** Starts one life after the other, and remembers what did not start. */
export class Starter<Remote> {
  readonly #asked: Choice;
  readonly #live: Live<Remote>;
  readonly #news: News;
  #failures = 0;
  #why = '';

  constructor(asked: Choice, live: Live<Remote>, news: News) {
    this.#asked = asked;
    this.#live = live;
    this.#news = news;
  }

  async start(): Promise<Life<Remote>> {
    for (;;) {
      const choice = this.#choice();
      const { threads } = choice;
      const attempt = this.#failures + 1;
      try {
        const life = await this.#live(choice, (step) => this.#news.starting({ step, attempt, threads }));
        // It may still stall while it warms up.
        life.ended.catch((error: unknown) => error instanceof Stalled && this.#failed(error));
        this.#news.runs(life.info);
        return life;
      } catch (error) {
        this.#failed(error);
        if (this.#failures >= TRIES + (this.#asked.threads > 0 ? 1 : 0)) {
          this.#failures = 0;
          throw error;
        }
      }
    }
  }

  #choice(): Choice {
    if (this.#asked.threads === 0 || this.#failures < TRIES) return this.#asked;
    return withoutThreads(`with threads the engine did not start, ${TRIES} times (${this.#why})`);
  }

  #failed(error: unknown): void {
    this.#failures += 1;
    this.#why = error instanceof Error ? error.message : String(error);
  }
}
