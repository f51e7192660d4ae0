/** What the reader can do. Each action changes the state, asks the engine, or both. */
import type { DroppedFile, Engine } from './engine';
import { Cancelled } from './engine.errors';
import { LINKS_ONLY, problem } from './files';
import { Keeping } from './keeping';
import { taskOf } from './modes';
import type { LiveReport } from './report';
import { run } from './run';
import { begun, computed, ended, missing, started } from './run.state';
import { loadSample, sampleManifest } from './sample';
import * as change from './state';
import type { Store } from './store';
import type { ModelSummary, Task } from './wasm/simd/lorascope';

const RELOAD = 'Load the page again. If it stays, another current browser may run it.';

export class App {
  readonly keeping: Keeping;
  readonly #engine: Promise<Engine>;
  readonly #store: Store;
  readonly #report: Promise<LiveReport>;
  #stop = new AbortController();
  /** Grows with every plan asked for: a plan that was overtaken is dropped. */
  #asked = 0;

  constructor(store: Store, engine: Promise<Engine>, report: Promise<LiveReport>) {
    this.#store = store;
    this.#engine = engine;
    this.#report = report;
    this.keeping = new Keeping(store);
  }

  /** Says what was started, for the page and for whoever measures it. */
  start(): void {
    this.#engine
      .then(({ info }) => {
        Object.assign(document.documentElement.dataset, { build: info.build, threads: String(info.threads) });
        this.#store.update((s) => ({ ...s, engine: info }));
      })
      .catch((error: unknown) => this.failed(error));
    void sampleManifest().then((sample) => this.#store.update((s) => ({ ...s, sample })));
    void this.keeping.count();
  }

  /** The engine or the drawing could not be started at all. */
  failed(error: unknown): void {
    this.#store.update((s) => change.trouble(s, problem('engine', 'The engine did not start', error, RELOAD)));
  }

  /** Takes files in any state and plans again. */
  async add(files: DroppedFile[]): Promise<void> {
    if (files.length === 0) return this.#store.update((s) => change.trouble(s, LINKS_ONLY));
    this.cancel();
    const known = new Set(this.#store.state.files);
    this.#store.update((s) => change.addFiles(s, files));
    const fresh = this.#store.state.files.filter((file) => !known.has(file));
    await this.#plan((engine, answers) => engine.open(fresh, answers));
  }

  async answer(id: string, value: string): Promise<void> {
    this.#store.update((s) => ({ ...s, answers: new Map(s.answers).set(id, value) }));
    await this.#plan((engine, answers) => engine.plan(answers));
  }

  /** Opens the sample and analyzes it at once. */
  async sample(): Promise<void> {
    try {
      this.#store.update((s) => change.planning(s, 'Loading the sample'));
      const files = await loadSample((done, total) => {
        const loading = `Loading the sample: ${(done / 1e6).toFixed(0)} of ${(total / 1e6).toFixed(0)} MB`;
        this.#store.update((s) => (s.status === 'planning' ? { ...s, loading } : s));
      });
      await this.add(files);
    } catch (error) {
      const said = problem('sample-missing', 'The sample did not load', error, 'Try again, or drop files of your own.');
      return this.#store.update((s) => change.trouble(s, said));
    }
    if (this.#store.state.status === 'ready') await this.analyze();
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
    void this.#engine.then((engine) => engine.cancel());
    void this.#end();
  }

  startOver(): void {
    this.cancel();
    this.#asked += 1;
    void this.#engine.then((engine) => engine.reset());
    this.#store.update(change.startOver);
  }

  show(screen: 'plan' | 'results'): void {
    this.#store.update((s) => ({ ...s, screen, open: undefined }));
  }

  /** The report as a file. */
  async save(): Promise<void> {
    const { head, settings } = this.#store.state;
    const report = await this.#report;
    if (!head || !report.view) return;
    const json = report.view.json(settings);
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([json], { type: 'application/json' }));
    link.download = `lorascope-${head.base.label.replace(/[^\w.-]+/g, '-')}.json`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  }

  async #plan(ask: (engine: Engine, answers: Map<string, string>) => ReturnType<Engine['plan']>): Promise<void> {
    this.#asked += 1;
    const asked = this.#asked;
    const begin = performance.now();
    this.#store.update((s) => change.planning(s, 'Reading headers'));
    try {
      const engine = await this.#engine;
      const plan = await ask(engine, new Map(this.#store.state.answers));
      const head = await engine.head();
      const seconds = (performance.now() - begin) / 1000;
      if (asked === this.#asked) this.#store.update((s) => change.planned(s, plan, head, seconds));
    } catch (error) {
      if (asked !== this.#asked || error instanceof Cancelled) return;
      const said = problem('engine', 'The engine stopped while it read the files', error, RELOAD);
      this.#store.update((s) => change.trouble(s, said));
    }
  }

  async #run(matrices: readonly number[], task: Task): Promise<void> {
    const { plan, status } = this.#store.state;
    if (!plan || status === 'running') return;
    const stop = new AbortController();
    this.#stop = stop;
    this.#store.update((s) => started(s, performance.now(), matrices, task.mode));
    const engine = await this.#engine;
    await run({
      plan,
      matrices,
      threads: engine.info.threads,
      analyze: (matrix) => engine.analyze(matrix, task),
      onBegin: (matrix) => this.#store.update((s) => begun(s, matrix)),
      onResult: (matrix, answer) => this.#store.update((s) => computed(s, matrix, answer, performance.now())),
      signal: stop.signal,
    });
    if (!stop.signal.aborted) await this.#end();
  }

  async #end(): Promise<void> {
    this.#store.update((s) => ended(s, performance.now()));
    void this.keeping.count();
    document.documentElement.dataset['runSeconds'] = this.#store.state.run.seconds.toFixed(3);
    const report = await this.#report;
    report.sync(this.#store.state);
    this.#store.update((s) => change.lead(s, leading(report.models(s.settings))));
  }
}

/** The model with the most intruders; undefined when none has any. */
function leading(models: readonly ModelSummary[]): number | undefined {
  const most = Math.max(0, ...models.map((model) => model.intruders));
  return most > 0 ? models.findIndex((model) => model.intruders === most) : undefined;
}
