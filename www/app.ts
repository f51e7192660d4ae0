/** The actions of the reader. Each changes the state, asks the engine, or both. */
import type { Checkpoint } from './state/checkpoints';
import type { DroppedFile, Engine, EngineInfo } from './engine/engine';
import { Cancelled } from './engine/errors';
import { idle, type Late } from './engine/late';
import { LINKS_ONLY, problem } from './files/drop';
import { Foreseeing } from './state/foreseeing';
import { Keeping } from './state/keeping';
import { Measuring } from './loss/measuring';
import { Operating } from './surgery/operating';
import { taskOf } from './state/modes';
import { saveReport } from './figure/save';
import { filesBehind, type LiveReport } from './report/live';
import { guide } from './sight';
import { brief } from './state/result';
import { run } from './engine/run';
import { rename } from './state/renames';
import { begun, computed, ended, missing, started } from './state/run';
import { loadShipped, manifestOf, sampleReport, SHIPPED, type Shipped } from './files/sample';
import { shippedAs } from './state/shipped';
import * as change from './state/state';
import type { State } from './state/state';
import type { Store } from './state/store';
import { isReport, opened, parse } from './state/stored';
import { remember } from './state/unfinished';
import { sampled, verify } from './state/verify';
import type { FigureId, ModelSummary, Task } from './wasm/simd/lorascope';

/** Up to this size every pair of vectors is compared without being asked for: it takes less than a second. */
const AT_ONCE = 800;

/** Milliseconds a checkpoint stays. */
const PACE = 400;

/** Files of so many bytes in all are hashed without being asked for, once a run is done: some seconds of one thread. */
const HASHED_AT_ONCE = 2e9;

const RELOAD = 'Load the page again. If it stays, another current browser may run it.';

export class App {
  readonly keeping: Keeping;
  readonly surgery: Operating;
  readonly loss: Measuring;
  readonly foreseeing: Foreseeing;
  readonly #engine: Late<Engine>;
  readonly #store: Store;
  readonly report: Late<LiveReport>;
  #stop = new AbortController();
  #playing: ReturnType<typeof setInterval> | undefined;
  /** Grows with every plan asked for: a plan that was overtaken is dropped. */
  #asked = 0;
  /** The files and answers of the plan in force. */
  #planned: Pick<State, 'files' | 'answers'> = { files: [], answers: new Map() };

  constructor(store: Store, engine: Late<Engine>, report: Late<LiveReport>) {
    this.#store = store;
    this.#engine = engine;
    this.report = report;
    this.keeping = new Keeping(store);
    this.surgery = new Operating(store, engine, report);
    this.loss = new Measuring(store, engine, report);
    this.foreseeing = new Foreseeing(store, engine);
  }

  /** Notes the engine's build, for the page and for whoever measures it. */
  runs(info: EngineInfo): void {
    Object.assign(document.documentElement.dataset, { build: info.build, threads: String(info.threads) });
    this.#store.update((s) => ({ ...s, engine: info, starting: undefined }));
  }

  /** Begins what computes and what draws, at the first sign that they will be wanted: files over the page, a chooser that opens. */
  wake(): void {
    // Who waits for them hears of a failure, and `failed` tells the reader.
    for (const late of [this.#engine, this.report]) late.get().catch(() => undefined);
  }

  /** Starts everything that the page needs besides the engine. */
  start(): void {
    for (const which of SHIPPED)
      void manifestOf(which).then((manifest) => this.#store.update((s) => ({ ...s, [which]: manifest })));
    void this.keeping.count();
  }

  /** The engine or the drawing could not be started at all. */
  failed(error: unknown): void {
    this.#store.update((s) => change.trouble(s, problem('engine', 'The engine did not start', error, RELOAD)));
  }

  /** Takes files in any state and plans again. */
  async add(files: DroppedFile[]): Promise<void> {
    if (files.length === 0) return this.#store.update((s) => change.trouble(s, LINKS_ONLY));
    for (const { path, file } of files) {
      if (path.endsWith('.json') && (await isReport(file))) return this.openReport(await file.text(), path);
    }
    if (this.#store.state.stored) this.startOver();
    this.wake();
    this.cancel();
    this.foreseeing.stop();
    const known = new Set(this.#store.state.files);
    this.#store.update((s) => change.addFiles(s, files));
    const fresh = this.#store.state.files.filter((file) => !known.has(file));
    await this.#plan((engine, answers) => engine.open(fresh, answers));
  }

  /** Takes the last drop or answer back while it is planned. */
  takeBack(): void {
    this.#asked += 1;
    const before = this.#planned;
    this.#tell((engine) => engine.keep(before.files, new Map(before.answers)));
    this.#store.update((s) => change.takeBack(s, before));
  }

  async answer(id: string, value: string): Promise<void> {
    this.#store.update((s) => ({ ...s, answers: new Map(s.answers).set(id, value) }));
    await this.#plan((engine, answers) => engine.plan(answers));
  }

  /** Shows the stored results of the sample. */
  async sample(): Promise<void> {
    const { mode } = this.#store.state.settings;
    const asked = this.#loading('Loading the results of the sample');
    const text = await this.#come('sample', sampleReport);
    if (text === undefined || asked !== this.#asked) return;
    await this.openReport(text, 'the sample');
    this.#store.update((s) => (s.stored ? { ...s, sampleMode: mode } : s));
  }

  /** Computes the sample here, under the rule that the reader has set. */
  async computeSample(): Promise<void> {
    const { settings, sampleMode } = this.#store.state;
    await this.#compute('sample', (s) => ({ ...s, settings: { ...settings, mode: sampleMode ?? settings.mode } }));
  }

  /** Computes the experiment here, and what its models lose and learn on its texts: that is what it is for. */
  async experiment(dials: (s: State) => State = (s) => s): Promise<void> {
    const show = guide();
    await this.#compute('experiment', dials);
    const { state } = this.#store;
    if (state.status !== 'done' || shippedAs(state) !== 'experiment') return;
    // The part stands far below what it follows from.
    show('#loss');
    await this.loss.measure();
    show('#loss .losses');
  }

  /** Loads files that come with the page, and analyzes them. */
  async #compute(which: Shipped, dials: (s: State) => State): Promise<void> {
    this.wake();
    this.startOver();
    const asked = this.#loading(`Loading the ${which}`);
    const files = await this.#come(which, () =>
      loadShipped(which, (done, total) => {
        const loading = `Loading the ${which}: ${(done / 1e6).toFixed(0)} of ${(total / 1e6).toFixed(0)} MB`;
        this.#store.update((s) => (asked === this.#asked ? { ...s, loading } : s));
      }),
    );
    if (!files || asked !== this.#asked) return;
    this.#store.update(dials);
    await this.add(files);
    if (this.#store.state.status === 'ready') await this.analyze();
  }

  /** Says what is being loaded; the answer is overtaken when something else is asked for. */
  #loading(what: string): number {
    this.#store.update((s) => change.planning(s, what));
    return (this.#asked += 1);
  }

  /** A part of what comes with the page; undefined where it did not come, which is said. */
  async #come<T>(which: Shipped, load: () => Promise<T>): Promise<T | undefined> {
    try {
      return await load();
    } catch (error) {
      const said = problem(
        'shipped-missing',
        `The ${which} did not load`,
        error,
        'Try again, or drop files of your own.',
      );
      this.#store.update((s) => change.trouble(s, said));
      return undefined;
    }
  }

  /** Computes what has no result yet that answers the mode. */
  async analyze(): Promise<void> {
    const matrices = missing(this.#store.state);
    if (matrices.length === 0) return this.show('results');
    await this.#run(matrices, taskOf(this.#store.state));
  }

  /** Computes matrices again, by another task than the settings'. What they had stays until the new result is there. */
  async again(matrices: readonly number[], other: Partial<Task>): Promise<void> {
    if (matrices.length > 0) await this.#run(matrices, { ...taskOf(this.#store.state), ...other });
  }

  /** Stops at once: nothing more is asked for, and the worker ends. What is done stays. */
  cancel(): void {
    if (this.#store.state.status !== 'running') return;
    this.#stop.abort();
    this.#tell((engine) => engine.cancel());
    void this.#end();
  }

  startOver(): void {
    this.cancel();
    this.foreseeing.stop();
    this.#asked += 1;
    this.#planned = { files: [], answers: new Map() };
    // An engine that has no files goes on as it is: to forget them it would start anew.
    if (this.#store.state.files.length > 0) this.#tell((engine) => engine.keep([], new Map()));
    this.#store.update(change.startOver);
  }

  show(screen: 'plan' | 'results'): void {
    this.#store.update((s) => ({ ...s, screen, open: undefined }));
  }

  /** The report as a file. */
  async save(): Promise<void> {
    const { head, settings } = this.#store.state;
    if (head) saveReport(await this.report.get(), settings, head.base.label);
  }

  /** Shows a stored report in place of whatever is there. */
  async openReport(text: string, name: string): Promise<void> {
    try {
      const report = parse(text);
      // Only the drawing side can tell whether all of it is well formed.
      const show = (await this.report.get()).open(text);
      this.startOver();
      this.#store.update((s) => opened(s, report));
      show(this.#store.state);
    } catch (error) {
      const said = problem('report-invalid', 'This report cannot be opened', error, 'Save it again from Lorascope.');
      this.#store.update((s) => change.trouble(s, { ...said, file: name }));
    }
  }

  /** Compares every pre-trained vector with every fine-tuned one of a matrix. */
  async vectors(matrix: string, model: number): Promise<void> {
    const { plan } = this.#store.state;
    const at = plan?.matrices.findIndex(({ name }) => name === matrix) ?? -1;
    if (at < 0) return;
    const asked = { matrix, model, reason: '' };
    const still = (s: State) => s.vectors?.matrix === matrix && s.vectors.model === model;
    this.#store.update((s) => ({ ...s, vectors: { ...asked, status: 'computing' } }));
    try {
      const { left, right } = await (await this.#engine.get()).vectors(at, model);
      const report = await this.report.get();
      if (!still(this.#store.state)) return;
      report.takeVectors(model, matrix, left, right);
      this.#store.update((s) => ({ ...s, vectors: { ...asked, status: 'known' } }));
    } catch (error) {
      if (!still(this.#store.state)) return;
      const reason = error instanceof Cancelled ? '' : error instanceof Error ? error.message : String(error);
      this.#store.update((s) => ({ ...s, vectors: reason ? { ...asked, status: 'failed', reason } : undefined }));
    }
  }

  /** Hears of every state: small matrices are compared whole as soon as they are looked at. */
  follow(state: State): void {
    this.surgery.follow(state);
    this.loss.follow(state);
    const { open, model, plan, status, stored, vectors, results } = state;
    if (open === undefined || stored || status === 'running') return;
    const at = plan?.matrices.findIndex(({ name }) => name === open) ?? -1;
    const matrix = plan?.matrices[at];
    const analyzed = results.get(at)?.some((o) => o.model === model && o.matrix.status === 'analyzed');
    if (!matrix || !analyzed || Math.min(matrix.rows, matrix.cols) > AT_ONCE) return;
    if (vectors?.matrix === open && vectors.model === model) return;
    void this.vectors(open, model);
  }

  /** Switches every type of matrices on, as PEFT looks at all of them, and plans again. */
  async everywhere(): Promise<void> {
    const all = this.#store.state.plan?.types.map(({ type }) => type).join(',') ?? '';
    await this.answer('types', all);
  }

  /** Hashes the files of the report that have no hash yet, one after the other. A file that changes meanwhile has none. */
  async hashFiles(): Promise<void> {
    const [engine, report] = [await this.#engine.get(), await this.report.get()];
    const { head } = this.#store.state;
    for (const { name } of filesBehind(head)) {
      if (this.#store.state.hashes.has(name)) continue;
      const hash = await engine.hash(name).catch(() => undefined);
      if (this.#store.state.head !== head) return;
      if (hash === undefined) continue;
      report.view?.setHash(name, hash);
      this.#store.update((s) => ({ ...s, hashes: new Map(s.hashes).set(name, hash) }));
    }
  }

  /** Gives a model another name, in tables, files and links; an empty one brings its own back. */
  async rename(model: number, name: string): Promise<void> {
    const report = await this.report.get();
    const { state } = this.#store;
    const next = rename(state, model, name);
    if (next.head?.models[model]?.label === state.head?.models[model]?.label || !next.head) return;
    report.rename(next.head, next.settings);
    this.#store.update(() => next);
  }

  toggleTable(figure: FigureId): void {
    this.#store.update((s) => {
      const tables = new Set(s.tables);
      if (!tables.delete(figure)) tables.add(figure);
      return { ...s, tables };
    });
  }

  /** Draws a series checkpoint by checkpoint. With reduced motion the reader goes step by step instead: one press, one checkpoint. */
  play(checkpoints: readonly Checkpoint[]): void {
    clearInterval(this.#playing);
    const last = checkpoints.length - 1;
    const next = () => {
      const { until } = this.#store.state;
      const to = until === undefined ? 0 : checkpoints.findIndex(({ step }) => step > until);
      if (to < 0 || to >= last) clearInterval(this.#playing);
      this.#store.update((s) => change.stepTo(s, checkpoints, to < 0 ? last : to));
    };
    next();
    if (!matchMedia('(prefers-reduced-motion: reduce)').matches) this.#playing = setInterval(next, PACE);
  }

  async #plan(ask: (engine: Engine, answers: Map<string, string>) => ReturnType<Engine['plan']>): Promise<void> {
    this.#asked += 1;
    const asked = this.#asked;
    const begin = performance.now();
    this.#store.update((s) => change.planning(s, 'Reading headers'));
    const engine = await this.#engine.get().catch((error: unknown) => this.failed(error));
    if (!engine) return;
    try {
      const plan = await ask(engine, new Map(this.#store.state.answers));
      const head = await engine.head();
      const seconds = (performance.now() - begin) / 1000;
      if (asked !== this.#asked) return;
      this.#store.update((s) => change.planned(s, plan, head, seconds));
      const { files, answers } = this.#store.state;
      this.#planned = { files, answers };
    } catch (error) {
      if (asked !== this.#asked || error instanceof Cancelled) return;
      const said = problem('engine', 'The engine stopped while it read the files', error, RELOAD);
      this.#store.update((s) => change.trouble(s, said));
    }
  }

  /** Tells the engine, where there is one. */
  #tell(what: (engine: Engine) => void): void {
    void this.#engine.begun?.then(what).catch(() => undefined);
  }

  async #run(matrices: readonly number[], task: Task): Promise<void> {
    const report = await this.report.get();
    const { plan, head, status } = this.#store.state;
    if (!plan || !head || status === 'running') return;
    this.foreseeing.stop();
    report.sync(this.#store.state);
    const stop = new AbortController();
    this.#stop = stop;
    this.#store.update((s) => started(s, performance.now(), matrices, task.mode));
    const engine = await this.#engine.get();
    await run({
      plan,
      matrices,
      threads: engine.info.threads,
      memory: engine.info.memory,
      analyze: (matrix) => engine.analyze(matrix, task),
      onBegin: (matrix) => this.#store.update((s) => begun(s, matrix)),
      onResult: (matrix, answer) => {
        report.take(head, answer.outcomes);
        const came = { ...answer, outcomes: brief(answer.outcomes) };
        this.#store.update((s) => computed(s, matrix, came, performance.now()));
        remember(this.#store.state);
      },
      signal: stop.signal,
    });
    if (!stop.signal.aborted) await this.#end();
  }

  /** Computes one certified matrix exactly while nothing else is asked for, and compares. */
  async #verify(): Promise<void> {
    await idle();
    const { state } = this.#store;
    const at = sampled(state);
    const planned = at === undefined ? undefined : state.plan?.matrices[at];
    const bounds = at === undefined ? undefined : state.results.get(at);
    if (at === undefined || !planned || !bounds) return;
    const exact = await (await this.#engine.get())
      .analyze(at, { ...taskOf(state), mode: 'exact' })
      .catch(() => undefined);
    if (!exact || this.#store.state.results !== state.results) return;
    const report = await this.report.get();
    const verified = verify(planned.name, bounds, exact.outcomes, (model, truth) => report.outside(model, truth));
    this.#store.update((s) => ({ ...s, verified }));
  }

  async #end(): Promise<void> {
    this.#store.update((s) => ended(s, performance.now()));
    remember(this.#store.state);
    void this.keeping.count();
    document.documentElement.dataset['runSeconds'] = this.#store.state.run.seconds.toFixed(3);
    const report = await this.report.get();
    report.sync(this.#store.state);
    this.#store.update((s) => change.lead(s, leading(report.models(s.settings))));
    const { status, head } = this.#store.state;
    const bytes = filesBehind(head).reduce((sum, { size }) => sum + size, 0);
    if (status === 'done' && bytes < HASHED_AT_ONCE) await this.hashFiles();
    await this.#verify();
  }
}

/** The model with the most intruders; undefined when none has any. */
function leading(models: readonly ModelSummary[]): number | undefined {
  const most = Math.max(0, ...models.map((model) => model.intruders));
  return most > 0 ? models.findIndex((model) => model.intruders === most) : undefined;
}
