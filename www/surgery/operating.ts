/** The surgeon: asks the engine for what the surgery in the state lacks, the newest question first, a few matrices at a time. */
import type { Engine } from '../engine/engine';
import { Cancelled } from '../engine/errors';
import type { Late } from '../engine/late';
import { IN_FLIGHT, atOnce } from '../engine/run';
import { Destination } from '../figure/folder';
import { plain } from '../figure/save';
import type { LiveReport } from '../report/live';
import type { State } from '../state/state';
import type { Store } from '../state/store';
import {
  OVER,
  type Beside,
  type Operable,
  besideQuestion,
  chosenIn,
  cutOf,
  factored,
  operable,
  operated,
  operating,
  patient,
  questionOf,
  refused,
  ruleOf,
  voided,
} from '../state/surgery';
import type { Arm, Cut, Operated, Plan, Wanted } from '../wasm/simd/lorascope';

/** Answers that are kept: a dial that goes back finds them again. */
const MOST = 20_000;

/** A rule that moves rests for so long before every matrix is opened for it, in ms. */
const REST = 250;

export class Operating {
  readonly #store: Store;
  readonly #engine: Late<Engine>;
  readonly #report: Late<LiveReport>;
  /** By the question: the matrix, its vectors, its lambda. All of one rule and one plan. */
  readonly #answers = new Map<string, Operated>();
  /** The last question to each matrix: the next one waits for it, so that no matrix is opened twice. */
  readonly #flying = new Map<number, Promise<unknown>>();
  #rule = '';
  #plan: Plan | undefined;
  /** The question whose sums are shown. */
  #summed = '';
  #resting: ReturnType<typeof setTimeout> | undefined;
  #over = new AbortController();
  #saving = new AbortController();

  constructor(store: Store, engine: Late<Engine>, report: Late<LiveReport>) {
    this.#store = store;
    this.#engine = engine;
    this.#report = report;
  }

  /** Hears of every state. */
  follow(state: State): void {
    if (!state.surgery.shown || state.stored || state.status === 'running' || !state.head) return;
    const rule = ruleOf(state);
    if (rule !== this.#rule || state.plan !== this.#plan) this.#begin(state, rule);
    if (this.#resting === undefined) void this.#fill();
  }

  /** Answers of another rule are void, and so is what is on its way to the figure. */
  #begin(state: State, rule: string): void {
    const first = this.#rule === '' || state.plan !== this.#plan;
    [this.#rule, this.#plan, this.#summed] = [rule, state.plan, ''];
    this.#answers.clear();
    this.#over.abort();
    this.#store.update(voided);
    clearTimeout(this.#resting);
    const go = () => {
      this.#resting = undefined;
      void this.#fill();
    };
    this.#resting = first ? undefined : setTimeout(go, REST);
  }

  /** Asks for what the present question lacks, as far as there is room; sums up when nothing is lacking. */
  async #fill(): Promise<void> {
    const [engine, report] = [await this.#engine.get(), await this.#report.get()];
    const { state } = this.#store;
    if (!state.surgery.shown || state.status === 'running' || ruleOf(state) !== this.#rule) return;
    const all = operable(state);
    const lacking = all.filter(({ name }) => !state.surgery.refused.has(name) && !this.#known(state, name));
    if (lacking.length !== state.surgery.waiting) this.#store.update((s) => operating(s, { waiting: lacking.length }));
    if (lacking.length === 0) return this.#sum(state, report, all);
    const fits = this.#room(engine, state);
    for (const matrix of lacking) {
      if (this.#flying.has(matrix.at)) continue;
      if (!fits(matrix.at)) break;
      void this.#answer(matrix, cutOf(state, matrix.name, [state.surgery.lambda])).finally(() => this.#fill());
    }
  }

  #known(s: State, name: string): Operated | undefined {
    return this.#answers.get(keyOf(name, cutOf(s, name, [s.surgery.lambda])));
  }

  async #answer({ at, name }: Operable, cut: Cut): Promise<void> {
    const [rule, plan] = [this.#rule, this.#plan];
    const still = () => rule === this.#rule && plan === this.#plan;
    try {
      const answer = brief(await this.#ask(at, patient(this.#store.state), cut));
      if (!still()) return;
      if (this.#answers.size >= MOST) this.#answers.clear();
      this.#answers.set(keyOf(name, cut), answer);
      this.#store.update((s) => operated(s, answer));
    } catch (error) {
      if (still() && !(error instanceof Cancelled)) this.#store.update((s) => refused(s, name, reason(error)));
    }
  }

  /** One question to a matrix at a time. */
  async #ask(at: number, model: number, cut: Cut): Promise<Operated> {
    const engine = await this.#engine.get();
    const before = this.#flying.get(at);
    const asked = Promise.resolve(before?.catch(() => undefined)).then(() => engine.operate(at, model, cut));
    this.#flying.set(at, asked);
    try {
      return await asked;
    } finally {
      if (this.#flying.get(at) === asked) this.#flying.delete(at);
    }
  }

  /** Whether one more matrix fits beside those that fly. */
  #room({ info }: Engine, { plan }: State): (matrix: number) => boolean {
    const bytes = (at: number) => plan?.matrices[at]?.memory ?? 0;
    return (next) => {
      if (this.#flying.size === 0) return true;
      const sum = [...this.#flying.keys(), next].reduce((all, at) => all + bytes(at), 0);
      return this.#flying.size <= atOnce(info.threads) && sum <= IN_FLIGHT * info.memory;
    };
  }

  #sum(state: State, report: LiveReport, all: readonly Operable[]): void {
    const { lambda } = state.surgery;
    const question = `${questionOf(state)} ${lambda} ${state.surgery.refused.size}`;
    if (question === this.#summed) return;
    const found = all.flatMap(({ name }) => this.#known(state, name) ?? []);
    if (found.length === 0) return;
    this.#summed = question;
    const sums = report.sumSurgery(cutOf(state, undefined, [lambda]), found);
    const byName = new Map(found.map((one) => [one.name, one]));
    this.#store.update((s) => operating(s, { sums, at: lambda, found: byName }));
  }

  /** Every arm of one matrix at the present lambda, to be looked at. */
  async beside(name: string): Promise<void> {
    const { state } = this.#store;
    const at = operable(state).find((own) => own.name === name)?.at;
    if (at === undefined) return;
    const { lambda, beside } = state.surgery;
    const question = besideQuestion(state);
    const asked: Beside = { name, question, lambda, arm: beside?.arm ?? 1, report: undefined, fault: '' };
    this.#store.update((s) => operating(s, { beside: asked }));
    const answer = async (): Promise<Partial<Beside>> => {
      const [engine, report] = [await this.#engine.get(), await this.#report.get()];
      const text = await engine.armsReport(at, patient(state), cutOf(state, name, [lambda]), lambda);
      return { report: report.apart(text) };
    };
    const found = await answer().catch((error: unknown) => ({ fault: reason(error) }));
    const still = (now: Beside | undefined) => now?.name === name && now.question === question;
    this.#store.update((s) =>
      still(s.surgery.beside) ? operating(s, { beside: { ...s.surgery.beside!, ...found } }) : s,
    );
  }

  /** Every arm over lambda, of all matrices, for the report and its figure. */
  async over(): Promise<void> {
    const { state } = this.#store;
    const [engine, report] = [await this.#engine.get(), await this.#report.get()];
    const [model, question] = [patient(state), questionOf(state)];
    const matrices = operable(state).filter(({ name }) => !state.surgery.refused.has(name));
    const stop = new AbortController();
    this.#over.abort();
    this.#over = stop;
    const tell = (done: number) =>
      this.#store.update((s) => operating(s, { over: { done, total: matrices.length }, overFault: '' }));
    tell(0);
    const fits = this.#room(engine, state);
    const found: Operated[] = [];
    const flying = new Set<Promise<void>>();
    let fault = '';
    for (const { at, name } of matrices) {
      while (flying.size > 0 && !fits(at)) await Promise.race(flying);
      if (stop.signal.aborted || fault) break;
      const flight = this.#ask(at, model, cutOf(state, name, OVER)).then(
        (answer) => {
          found.push(brief(answer));
          if (!stop.signal.aborted) tell(found.length);
        },
        (error: unknown) => {
          fault ||= `${name}: ${reason(error)}`;
        },
      );
      const own = flight.finally(() => flying.delete(own));
      flying.add(own);
    }
    await Promise.all(flying);
    if (stop !== this.#over) return;
    if (!stop.signal.aborted && !fault && found.length > 0) {
      report.takeSurgery(model, cutOf(state, undefined, OVER), found);
      this.#store.update((s) => operating(s, { drawn: new Map(s.surgery.drawn).set(model, question) }));
    }
    this.#store.update((s) => operating(s, { over: undefined, overFault: stop.signal.aborted ? '' : fault }));
  }

  cancelOver(): void {
    this.#over.abort();
  }

  /** Saves the edited change: into a folder where the browser can, else as downloads. Called within the reader's click. */
  async save(): Promise<void> {
    const { state } = this.#store;
    if (state.surgery.saving) return;
    const { arm, lambda, precision, ownRank } = state.surgery;
    const model = patient(state);
    const label = state.head?.models[model]?.label ?? 'model';
    const where = await Destination.ask(`${plain(label)}-${folderWords(arm, lambda)}`).catch(() => undefined);
    if (!where) return;
    const matrices = toSave(state);
    const stop = new AbortController();
    this.#saving = stop;
    const tell = (done: number) =>
      this.#store.update((s) => operating(s, { saving: { done, total: matrices.length }, saved: '', saveFault: '' }));
    tell(0);
    const wanted: Wanted = {
      cut: cutOf(state, undefined, [lambda]),
      arm,
      lambda,
      precision,
      ownRank,
      chosen: new Map(
        matrices.flatMap(({ name }) => {
          const own = chosenIn(state, name);
          return own ? [[name, [...own]] as const] : [];
        }),
      ),
    };
    try {
      const engine = await this.#engine.get();
      await engine.saveEdited(
        model,
        matrices.map(({ at }) => at),
        wanted,
        (file) => where.take(file),
        (done) => {
          if (!stop.signal.aborted) tell(done);
          return !stop.signal.aborted;
        },
      );
      const saved = stop.signal.aborted ? `Cancelled. ${where.left()}` : where.said();
      this.#store.update((s) => operating(s, { saved }));
    } catch (error) {
      const saveFault = error instanceof Cancelled ? '' : `Not saved: ${reason(error)} ${where.left()}`;
      this.#store.update((s) => operating(s, { saveFault }));
    } finally {
      this.#store.update((s) => operating(s, { saving: undefined }));
    }
  }

  cancelSaving(): void {
    this.#saving.abort();
  }
}

/** An adapter is saved whole; of a change that is stored whole, the matrices that the arm edits. */
export function toSave(s: State): Operable[] {
  const all = operable(s).filter(({ name }) => !s.surgery.refused.has(name));
  if (factored(s) || s.surgery.arm === 'projected') return all;
  return all.filter(({ name }) => (s.surgery.found.get(name)?.chosen.length ?? 0) > 0);
}

/** `scaled-0.75`; an arm without lambda is its name. */
function folderWords(arm: Arm, lambda: number): string {
  return arm === 'projected' || arm === 'trained' ? arm : `${arm}-${lambda}`;
}

function keyOf(name: string, { chosen, lambdas }: Cut): string {
  return JSON.stringify([name, chosen, lambdas]);
}

/** Without what no sum and no table asks for: there may be an answer for every matrix and every step of the dial. */
function brief(answer: Operated): Operated {
  return {
    ...answer,
    trained: { ...answer.trained, sigma: answer.trained.sigma.slice(0, 1), places: [] },
    arms: answer.arms.map((after) => ({ ...after, sigma: after.sigma.slice(0, 1), best: [], places: [] })),
  };
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
