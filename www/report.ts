/** The report on the page: fed from the state, asked by the views. Answers are kept until results or settings change. */
import type { State } from './state';
import type { Differences, Findings, MatrixRow, ModelSummary, Outcome, Preset, Report, ReportView, Settings } from './wasm/simd/lorascope';

const NO_FINDINGS: Findings = { epsilonCurve: '', kCurve: '', overview: '', effectiveRank: '', matrices: '' };

export class LiveReport {
  readonly #View: typeof ReportView;
  #view: ReportView | undefined;
  #head: Report | undefined;
  #results: State['results'] = new Map();
  #answers = new Map<string, unknown>();
  /** Grows with every change of the data: what is drawn from an older version is stale. */
  version = 0;

  readonly presets: readonly Preset[];

  constructor(View: typeof ReportView) {
    this.#View = View;
    this.presets = View.presets();
  }

  /** Throws where a stored report is not well formed. */
  check(text: string): void {
    this.#View.fromJson(text).free();
  }

  /** Takes in what the state has and this has not. */
  sync(state: Pick<State, 'head' | 'results'>): void {
    if (state.head !== this.#head || (state.results.size < this.#results.size)) this.#restart(state.head);
    if (!this.#view || state.results === this.#results) return;
    for (const [matrix, outcomes] of state.results) {
      // A matrix may have been computed again: the view replaces what it had.
      if (this.#results.get(matrix) !== outcomes) this.#take(outcomes);
    }
    this.#results = state.results;
    this.#changed();
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

  /** The rule in force in words. */
  rule(settings: Settings): string {
    return this.#view?.rule(settings) ?? '';
  }

  /** The vectors whose verdict differs between two rules. */
  differences(a: Settings, b: Settings): Differences | undefined {
    return this.#view?.differences(a, b);
  }

  models(settings: Settings): ModelSummary[] {
    return this.#ask('models', settings, (view) => view.models(settings), []);
  }

  matrices(settings: Settings): MatrixRow[] {
    return this.#ask('matrices', settings, (view) => view.matrices(settings), []);
  }

  findings(settings: Settings): Findings {
    return this.#ask('findings', settings, (view) => view.findings(settings), NO_FINDINGS);
  }

  #ask<T>(question: string, settings: Settings, ask: (view: ReportView) => T, nothing: T): T {
    if (!this.#view) return nothing;
    const key = `${question} ${settings.k} ${settings.epsilon} ${settings.side} ${settings.cosine}`;
    if (!this.#answers.has(key)) {
      // Sliders pass through many settings; only those in use now are worth keeping.
      if (this.#answers.size > 8) this.#answers.clear();
      this.#answers.set(key, ask(this.#view));
    }
    return this.#answers.get(key) as T;
  }

  #take(outcomes: readonly Outcome[]): void {
    for (const { model, matrix } of outcomes) this.#view?.add(model, matrix);
  }

  #restart(head: Report | undefined): void {
    this.#view?.free();
    this.#view = head && new this.#View(head);
    this.#head = head;
    this.#results = new Map();
    this.#changed();
  }

  #changed(): void {
    this.version += 1;
    this.#answers.clear();
  }
}
