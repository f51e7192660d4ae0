/** The page's only way to compute: an engine in a worker. The page keeps all state; the worker may die at any moment. */
import { Cancelled, WorkerDied } from './engine.errors';
import { type Life, startLife } from './engine.life';
import { storeWanted } from './results-store';
import { type Choice, choose } from './wasm';
import type { AllVectors, Answers, Outcome, Plan, Report, Task } from './wasm/simd/lorascope';

export interface DroppedFile {
  /** Path as dropped, for example `lora_r8/adapter_model.safetensors`; the bare name where there is no folder. */
  path: string;
  file: File;
}

export interface EngineInfo {
  /** `threads+relaxed-simd`, `threads+simd` or `simd`. */
  build: string;
  threads: number;
  /** Why this build runs, one sentence for the reader; empty when nothing is held back. */
  why: string;
}

/** What a new worker is told. */
export interface Start {
  choice: Choice;
  /** Whether finished matrices are kept in the browser. */
  keep: boolean;
  /** A name for the lock that the worker holds while it lives; empty where there are no locks. */
  lock: string;
}

export interface Answer {
  outcomes: Outcome[];
  /** True when they were kept from an earlier run. */
  earlier: boolean;
  /** Why results are not kept, in words; empty when they are, or were not meant to be. */
  trouble: string;
}

export interface Engine {
  readonly info: EngineInfo;
  /** Adds files, reads their headers only, and plans with the answers given so far. */
  open(files: DroppedFile[], answers: Answers): Promise<Plan>;
  /** Plans again with other answers; reads nothing. */
  plan(answers: Answers): Promise<Plan>;
  /** The report of the plan in force, without matrices. */
  head(): Promise<Report>;
  /** Computes one matrix of the plan for all its models. Several may be asked for at once. */
  analyze(matrix: number, task: Task): Promise<Answer>;
  /** All pre-trained vectors of one matrix against all of one model's, computed exactly and not kept. Rejects with the reason. */
  vectors(matrix: number, model: number): Promise<AllVectors>;
  /** The SHA-256 of a file by its path; undefined where it is not here. */
  hash(path: string): Promise<string | undefined>;
  /** Stops everything at once. The next call starts a new worker, reads the headers again and goes on. */
  cancel(): void;
  /** Forgets all files. */
  reset(): void;
}

export async function startEngine(): Promise<Engine> {
  const choice = await choose(location.search, navigator.hardwareConcurrency);
  const options = { choice, keep: storeWanted(location.search) };
  return new WorkerEngine(options, await startLife(options));
}

/** Starts a new worker after a cancel or a crash: files are posted again and planned with the last answers. */
class WorkerEngine implements Engine {
  readonly info: EngineInfo;
  readonly #options: Omit<Start, 'lock'>;
  #life: Promise<Life> | undefined;
  #files: DroppedFile[] = [];
  #answers: Answers = new Map();

  constructor(options: Omit<Start, 'lock'>, life: Life) {
    this.#options = options;
    this.info = life.info;
    this.#adopt(Promise.resolve(life));
  }

  async open(files: DroppedFile[], answers: Answers): Promise<Plan> {
    const life = await this.#alive();
    this.#files.push(...files);
    this.#answers = answers;
    return this.#call(life, life.remote.open(files, answers));
  }

  async plan(answers: Answers): Promise<Plan> {
    const life = await this.#alive();
    this.#answers = answers;
    return this.#call(life, life.remote.plan(answers));
  }

  async head(): Promise<Report> {
    const life = await this.#alive();
    return this.#call(life, life.remote.head());
  }

  async analyze(matrix: number, task: Task): Promise<Answer> {
    const life = await this.#alive();
    return this.#call(life, life.remote.analyze(matrix, task));
  }

  async vectors(matrix: number, model: number): Promise<AllVectors> {
    const life = await this.#alive();
    return this.#call(life, life.remote.vectors(matrix, model));
  }

  async hash(path: string): Promise<string | undefined> {
    const life = await this.#alive();
    return this.#call(life, life.remote.hash(path));
  }

  cancel(): void {
    const life = this.#life;
    this.#life = undefined;
    void life?.then((l) => l.end(new Cancelled('cancelled'))).catch(() => undefined);
  }

  reset(): void {
    this.cancel();
    this.#files = [];
    this.#answers = new Map();
  }

  /** The living worker, or a new one that knows the files again. */
  #alive(): Promise<Life> {
    return this.#life ?? this.#adopt(this.#revive());
  }

  async #revive(): Promise<Life> {
    const life = await startLife(this.#options);
    if (this.#files.length > 0) await Promise.race([life.remote.open(this.#files, this.#answers), life.ended]);
    return life;
  }

  /** Takes a life as the present one, and forgets it as soon as it ends. */
  #adopt(life: Promise<Life>): Promise<Life> {
    const forget = () => {
      if (this.#life === life) this.#life = undefined;
    };
    this.#life = life;
    life.then((l) => l.ended).catch(forget);
    return life;
  }

  /** A trap poisons the whole instance: the worker ends with it, and the calls beside it are lost. */
  async #call<T>(life: Life, result: Promise<T>): Promise<T> {
    try {
      return await Promise.race([result, life.ended]);
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'RuntimeError') throw error;
      life.end(new WorkerDied(`the engine stopped: ${error.message}`, false));
      throw new WorkerDied(`the engine stopped: ${error.message}`, true);
    }
  }
}
