/** The engine as the page sees it, in a worker: the only way to compute. The page keeps all state; the worker may die at any moment. */
import { proxy } from 'comlink';
import { Cancelled, WorkerDied } from './errors';
import { type Life, startLife } from './life';
import { type News, Starter } from './start';
import type { Remote } from './engine.worker';
import workerUrl from './engine.worker.ts?worker&url';
import type { Step } from './steps';
import { storeWanted } from './results-store';
import { type Choice, choose } from './wasm';
import type {
  AllVectors,
  Answers,
  Cut,
  Foreseen,
  Loss,
  LossQuestion,
  LossSubject,
  Operated,
  Outcome,
  Plan,
  Report,
  SavedFile,
  Task,
  Wanted,
} from '../wasm/simd/lorascope';

export interface DroppedFile {
  /** Path as dropped, for example `lora_r8/adapter_model.safetensors`; the bare name where there is no folder. */
  path: string;
  file: File;
}

export interface ToldFile extends DroppedFile {
  /** The engine stopped over it in an earlier life. */
  stopped: boolean;
}

/** The work of the worker while it opens files: taking in bytes of the file of that number, planning, or waiting for bytes. */
export type Doing = number | 'plan' | 'wait';

export interface EngineInfo {
  /** `threads+relaxed-simd`, `threads+simd` or `simd`. */
  build: string;
  threads: number;
  /** Bytes that the engine can hold at most. */
  memory: number;
  /** The reason for this build, one sentence for the reader; empty when nothing is held back. */
  why: string;
}

/** The options of a new worker. */
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
  /** The reason why results are not kept, in words; empty when they are, or were not meant to be. */
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
  /** The margins of one matrix's changes to the threshold; none of its vectors is compared. Rejects with the reason. */
  foresee(matrix: number, task: Task): Promise<Foreseen[]>;
  /** All pre-trained vectors of one matrix against all of one model's, computed exactly and not kept. Rejects with the reason. */
  vectors(matrix: number, model: number): Promise<AllVectors>;
  /** Every arm at every lambda of a cut of one matrix. Rejects with the reason. */
  operate(matrix: number, model: number, cut: Cut): Promise<Operated>;
  /** One matrix under every arm, as a report of its own in JSON: a model per arm. Rejects with the reason. */
  armsReport(matrix: number, model: number, cut: Cut, lambda: number): Promise<string>;
  /** The files of an edited change, each as soon as it is full. `goOn` hears how many matrices are in; false stops it. */
  saveEdited(
    model: number,
    matrices: readonly number[],
    wanted: Wanted,
    take: (file: SavedFile) => Promise<void>,
    goOn: (done: number) => boolean,
  ): Promise<void>;
  /** The models of the plan as networks. Rejects with the reason why the base is none that is known. */
  lossSubject(answers: Answers): Promise<LossSubject>;
  /**
   * The losses of all rows on all texts; undefined where `haltLoss` stopped it. `goOn`: a run that was stopped goes on where it stood, if it is still
   * there; `say` hears the part that is done. Rejects with the reason.
   */
  loss(question: LossQuestion, goOn: boolean, say: (done: number) => void): Promise<Loss | undefined>;
  /** Stops a run of losses before its next layer, and keeps it. */
  haltLoss(): Promise<void>;
  /** The SHA-256 of a file by its path; undefined where it is not here. */
  hash(path: string): Promise<string | undefined>;
  /** Stops everything at once. The next call starts a new worker, reads the headers again and goes on. */
  cancel(): void;
  /** Stops everything at once, and goes back to these files and answers. */
  keep(files: readonly DroppedFile[], answers: Answers): void;
}

export async function startEngine(news: News): Promise<Engine> {
  const choice = await choose(location.search, navigator.hardwareConcurrency);
  const keep = storeWanted(location.search);
  const live = (chosen: Choice, heard: (step: Step) => void) =>
    startLife<Remote>(
      { url: workerUrl, name: 'lorascope' },
      (remote, lock, say) => remote.start({ choice: chosen, keep, lock }, say),
      heard,
    );
  const starter = new Starter(choice, live, news);
  return new WorkerEngine(starter, await starter.start());
}

/** Longest silence while bytes are taken in or a plan is made, in ms: many times what the largest repositories take on a slow phone. */
const PATIENCE = 60_000;

/** Starts a new worker after a cancel or a crash: files are posted again and planned with the last answers. */
class WorkerEngine implements Engine {
  readonly #starter: Starter<Remote>;
  #info: EngineInfo;
  #life: Promise<Life<Remote>> | undefined;
  #files: DroppedFile[] = [];
  /** Files that stopped the engine. They are named in the plan and not read again. */
  readonly #stopped = new Set<DroppedFile>();
  #doing: Doing = 'wait';
  /** The end of a life that was cancelled: two engines at once would ask for twice the memory. */
  #ending: Promise<void> | undefined;
  /** Grows with every `keep`: what was asked for before it must not come after it. */
  #kept = 0;
  #answers: Answers = new Map();

  constructor(starter: Starter<Remote>, life: Life<Remote>) {
    this.#starter = starter;
    this.#info = life.info;
    this.#adopt(Promise.resolve(life));
  }

  get info(): EngineInfo {
    return this.#info;
  }

  async open(files: DroppedFile[], answers: Answers): Promise<Plan> {
    const life = await this.#unchanged(this.#alive());
    this.#files.push(...files);
    this.#answers = answers;
    return this.#open(life, files).catch((error: unknown) => this.#without(error));
  }

  async plan(answers: Answers): Promise<Plan> {
    const life = await this.#unchanged(this.#alive());
    this.#answers = answers;
    return this.#watched(life, (say) => life.remote.plan(answers, say)).catch((error: unknown) => this.#without(error));
  }

  async head(): Promise<Report> {
    const life = await this.#alive();
    return this.#call(life, life.remote.head());
  }

  async analyze(matrix: number, task: Task): Promise<Answer> {
    const life = await this.#alive();
    return this.#call(life, life.remote.analyze(matrix, task));
  }

  async foresee(matrix: number, task: Task): Promise<Foreseen[]> {
    const life = await this.#alive();
    return this.#call(life, life.remote.foresee(matrix, task));
  }

  async vectors(matrix: number, model: number): Promise<AllVectors> {
    const life = await this.#alive();
    return this.#call(life, life.remote.vectors(matrix, model));
  }

  async operate(matrix: number, model: number, cut: Cut): Promise<Operated> {
    const life = await this.#alive();
    return this.#call(life, life.remote.operate(matrix, model, cut));
  }

  async armsReport(matrix: number, model: number, cut: Cut, lambda: number): Promise<string> {
    const life = await this.#alive();
    return this.#call(life, life.remote.armsReport(matrix, model, cut, lambda));
  }

  async saveEdited(
    model: number,
    matrices: readonly number[],
    wanted: Wanted,
    take: (file: SavedFile) => Promise<void>,
    goOn: (done: number) => boolean,
  ): Promise<void> {
    const life = await this.#alive();
    return this.#call(life, life.remote.saveEdited(model, matrices, wanted, proxy(take), proxy(goOn)));
  }

  async lossSubject(answers: Answers): Promise<LossSubject> {
    const life = await this.#alive();
    return this.#call(life, life.remote.lossSubject(answers));
  }

  async loss(question: LossQuestion, goOn: boolean, say: (done: number) => void): Promise<Loss | undefined> {
    const life = await this.#alive();
    return this.#call(life, life.remote.loss(question, goOn, proxy(say)));
  }

  async haltLoss(): Promise<void> {
    const life = await this.#alive();
    return this.#call(life, life.remote.haltLoss());
  }

  async hash(path: string): Promise<string | undefined> {
    const life = await this.#alive();
    return this.#call(life, life.remote.hash(path));
  }

  cancel(): void {
    const life = this.#life;
    this.#life = undefined;
    this.#ending = life?.then((l) => l.end(new Cancelled('cancelled'), l.remote.letGo())).catch(() => undefined);
  }

  keep(files: readonly DroppedFile[], answers: Answers): void {
    this.cancel();
    this.#files = [...files];
    this.#answers = answers;
    this.#kept += 1;
  }

  async #unchanged(life: Promise<Life<Remote>>): Promise<Life<Remote>> {
    const kept = this.#kept;
    const alive = await life;
    if (kept !== this.#kept) throw new Cancelled('taken back');
    return alive;
  }

  /** The living worker, or a new one that knows the files again. */
  #alive(): Promise<Life<Remote>> {
    return this.#life ?? this.#adopt(this.#revive());
  }

  async #revive(): Promise<Life<Remote>> {
    await this.#ending;
    const life = await this.#starter.start();
    if (this.#files.length > 0) await this.#open(life, this.#files);
    return life;
  }

  #open(life: Life<Remote>, files: readonly DroppedFile[]): Promise<Plan> {
    const told = files.map((file) => ({ ...file, stopped: this.#stopped.has(file) }));
    return this.#watched(life, (say) => life.remote.open(told, this.#answers, say));
  }

  /** Ends a worker that gives no sign of life while it reads or plans. */
  async #watched(life: Life<Remote>, call: (say: (doing: Doing) => void) => Promise<Plan>): Promise<Plan> {
    this.#doing = 'wait';
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = () => void life.end(new WorkerDied('the engine stopped: it took too long', false));
    const say = (doing: Doing) => {
      this.#doing = doing;
      clearTimeout(timer);
      timer = doing === 'wait' ? undefined : setTimeout(late, PATIENCE);
    };
    try {
      return await this.#call(life, call(proxy(say)));
    } finally {
      clearTimeout(timer);
    }
  }

  /** Opens all files again after the worker died over one of them, and leaves that one out. */
  async #without(error: unknown): Promise<Plan> {
    while (error instanceof WorkerDied) {
      if (typeof this.#doing !== 'number') return this.#oneByOne();
      this.#stopped.add(this.#files[this.#doing]!);
      const life = await this.#adopt(this.#starter.start());
      try {
        return await this.#open(life, this.#files);
      } catch (next) {
        error = next;
      }
    }
    throw error;
  }

  /** The worker died over the plan: each file is planned with those before it, so that the one it dies over is known. */
  async #oneByOne(): Promise<Plan> {
    let life = await this.#adopt(this.#starter.start());
    let plan = await this.#open(life, []);
    for (const [at, file] of this.#files.entries()) {
      try {
        plan = await this.#open(life, [file]);
      } catch (error) {
        if (!(error instanceof WorkerDied)) throw error;
        this.#stopped.add(file);
        life = await this.#adopt(this.#starter.start());
        plan = await this.#open(life, this.#files.slice(0, at + 1));
      }
    }
    return plan;
  }

  /** Takes a life as the present one, and forgets it as soon as it ends. */
  #adopt(life: Promise<Life<Remote>>): Promise<Life<Remote>> {
    const forget = () => {
      if (this.#life === life) this.#life = undefined;
    };
    this.#life = life;
    life
      .then((l) => {
        this.#info = l.info;
        return l.ended;
      })
      .catch(forget);
    return life;
  }

  /** A trap poisons the whole instance: the worker ends with it, and the calls beside it are lost. */
  async #call<T>(life: Life<Remote>, result: Promise<T>): Promise<T> {
    try {
      return await Promise.race([result, life.ended]);
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'RuntimeError') throw error;
      void life.end(new WorkerDied(`the engine stopped: ${error.message}`, false));
      throw new WorkerDied(`the engine stopped: ${error.message}`, true);
    }
  }
}
