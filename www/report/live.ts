/** The report on the page: fed from the state, asked by the views. Answers are kept until results or settings change. */
import type { State } from '../state/state';
import type {
  AlphaPattern,
  ArmWords,
  Cut,
  Differences,
  FigureId,
  FigureKind,
  FileInfo,
  Findings,
  Loss,
  Matrices,
  Matrix,
  MatrixRow,
  Measure,
  ModelSummary,
  Operated,
  Outcome,
  Preset,
  Reading,
  Report,
  ReportView,
  Settings,
  Sort,
  Summary,
  Surgery,
} from '../wasm/simd/lorascope';

/** Every file behind a report, once. */
export function filesBehind(head: Report | undefined): FileInfo[] {
  const all = [head?.base, ...(head?.models ?? [])].flatMap((part) => part?.files ?? []);
  return [...new Map(all.map((file) => [file.name, file])).values()];
}

export class LiveReport {
  readonly #View: typeof ReportView;
  #view: ReportView | undefined;
  #head: Report | undefined;
  #answers = new Map<string, unknown>();
  /** The settings that the answers are for. */
  #rule = '';
  /** Grows with every change of the data: what is drawn from an older version is stale. */
  version = 0;

  readonly presets: readonly Preset[];
  /** The measures of a matrix, in the order in which cells have their readings. */
  readonly measures: readonly Measure[];

  /** The arms of surgery in words, in the order of tables. */
  readonly arms: readonly ArmWords[];

  /** The figures that any report has, in the order of the page. */
  readonly figures: readonly FigureKind[];

  constructor(View: typeof ReportView) {
    this.#View = View;
    this.presets = View.presets();
    this.measures = View.measures();
    this.arms = View.arms();
    this.figures = View.figures();
  }

  /** Takes a stored report whole; throws where it is not well formed. The answer makes it the one that is shown, with the state made from it. */
  open(text: string): (state: Pick<State, 'head'>) => void {
    const view = this.#View.fromJson(text);
    return ({ head }) => this.#restart(head, view);
  }

  /** A report beside this one, to be drawn alone; throws where it is not well formed. */
  apart(text: string): { view: ReportView; version: number } {
    return { view: this.#View.fromJson(text), version: 0 };
  }

  /** Starts anew where the state is about another report. */
  sync({ head }: Pick<State, 'head'>): void {
    if (head !== this.#head) this.#restart(head);
  }

  /** The same report under the names of this head. */
  rename(head: Report, settings: Settings): void {
    const whole = this.#view?.matrixCount() ? (JSON.parse(this.#view.json(settings)) as Report) : { ...head };
    for (const [at, model] of whole.models.entries()) model.label = head.models[at]?.label ?? model.label;
    this.#restart(head, this.#View.fromJson(JSON.stringify(whole)));
  }

  /** Takes in what came for one matrix of the report of this head, in place of what it had of it. */
  take(head: Report, outcomes: readonly Outcome[]): void {
    if (head !== this.#head) return;
    for (const { model, matrix } of outcomes) this.#view?.add(model, matrix);
    this.#changed();
  }

  /** The whole entry of a matrix in one model. */
  whole(model: number, matrix: string): Matrix | undefined {
    return this.#view?.whole(model, matrix);
  }

  /** The drawing and counting side, present once a plan is there. */
  get view(): ReportView | undefined {
    return this.#view;
  }

  /** Every pre-trained vector against every fine-tuned one of a matrix. */
  takeVectors(model: number, matrix: string, left: Float32Array, right: Float32Array): void {
    this.#view?.setVectors(model, matrix, left, right);
    this.#changed();
  }

  /** The sums over the matrices of one model after surgery. */
  sumSurgery(cut: Cut, operated: readonly Operated[]): Surgery {
    return this.#View.sumSurgery(cut, [...operated]);
  }

  /** The surgery of a model becomes a part of its report. */
  takeSurgery(model: number, cut: Cut, operated: readonly Operated[]): void {
    this.#view?.setSurgery(model, cut, [...operated]);
    this.#changed();
  }

  /** Losses become a part of the report. */
  takeLoss(loss: Loss): void {
    this.#view?.setLoss(loss);
    this.#changed();
  }

  /** All facts of one figure; undefined where there is none of that id. */
  figure(id: FigureId): FigureKind | undefined {
    return this.figures.find((kind) => kind.id === id);
  }

  /** The rule in force in words. */
  rule(settings: Settings): string {
    return this.#view?.rule(settings) ?? '';
  }

  /** The vectors whose verdict differs from that of the first preset: how many, and the first of them. */
  differences(official: Settings, settings: Settings, listed: number): Differences | undefined {
    return this.#ask<Differences | undefined>(
      `differences ${listed}`,
      settings,
      (view) => view.differences(official, settings, listed),
      undefined,
    );
  }

  models(settings: Settings): ModelSummary[] {
    return this.#summary(settings).models;
  }

  /** The models that have a reading: of a run its last checkpoint. */
  lastOfRuns(): readonly number[] {
    return [...(this.#view?.lastOfRuns() ?? [])];
  }

  /** The first sentence of a reading. */
  gist(settings: Settings, model: number): string | undefined {
    return this.#ask(`gist ${model}`, settings, (view) => view.gist(settings, model), undefined);
  }

  /** The reading of one model; `planned`: the number of matrices in the run. */
  reading(settings: Settings, model: number, planned: number): Reading | undefined {
    return this.#ask<Reading | undefined>(
      `reading ${model} ${planned}`,
      settings,
      (view) => view.reading(settings, model, planned),
      undefined,
    );
  }

  /** Which matrices another strength of every change would carry over the threshold, in words. */
  crossing(settings: Settings, times: number): string {
    return this.#ask(`crossing ${times}`, settings, (view) => view.crossing(settings, times), '');
  }

  /** PEFT's `alpha_pattern` that keeps every LoRA module of a model at a margin or below it. */
  alphaPattern(settings: Settings, model: number, most: number): AlphaPattern | undefined {
    const ask = (view: ReportView) => view.alphaPattern(settings, model, most);
    return this.#ask<AlphaPattern | undefined>(`alpha ${model} ${most}`, settings, ask, undefined);
  }

  /** The models compared in a few sentences; none of a single one. */
  comparison(settings: Settings): string | undefined {
    return this.#ask('comparison', settings, (view) => view.comparison(settings), undefined);
  }

  findings(settings: Settings): Findings {
    return this.#summary(settings).findings;
  }

  /** The number of best matches of a certified matrix, and of those that an exact result finds outside their bounds. */
  outside(model: number, exact: Matrix): readonly [vectors: number, outside: number] {
    const claimed = this.whole(model, exact.name);
    const [vectors, outside] = claimed ? this.#View.outside(claimed, exact) : [];
    return [vectors ?? 0, outside ?? 0];
  }

  /** The first rows of the table of matrices, with cells of the first models and of one: of that with the best matches themselves. */
  matrices(settings: Settings, sort: Sort | undefined, first: number, model: number, models: number): Matrices {
    return this.#ask(
      `matrices ${JSON.stringify(sort)} ${first} ${model} ${models}`,
      settings,
      (view) => view.matrices(settings, sort, first, model, models),
      { total: 0, rows: [] },
    );
  }

  /** The row of one matrix. */
  matrix(settings: Settings, name: string): MatrixRow | undefined {
    return this.#ask<MatrixRow | undefined>(
      `matrix ${name}`,
      settings,
      (view) => view.matrix(settings, name),
      undefined,
    );
  }

  #summary(settings: Settings): Summary {
    return this.#ask('summary', settings, (view) => view.summary(settings), { models: [], findings: {} });
  }

  #ask<T>(question: string, settings: Settings, ask: (view: ReportView) => T, nothing: T): T {
    if (!this.#view) return nothing;
    // Sliders pass through many settings; only the answers for those in use now are worth keeping.
    const rule = `${settings.k} ${settings.epsilon} ${settings.side} ${settings.cosine}`;
    if (rule !== this.#rule) this.#answers.clear();
    this.#rule = rule;
    if (!this.#answers.has(question)) this.#answers.set(question, ask(this.#view));
    return this.#answers.get(question) as T;
  }

  #restart(head: Report | undefined, view = head && new this.#View(head)): void {
    this.#view?.free();
    this.#view = view;
    this.#head = head;
    this.#changed();
  }

  #changed(): void {
    this.version += 1;
    this.#answers.clear();
  }
}
