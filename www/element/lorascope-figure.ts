/**
 * `<lorascope-figure src="report.json" figure="epsilon-curve">`: one live figure of a stored report, for any page. One file, no headers, no worker.
 *
 * Nothing is loaded before the element comes near the viewport; until then, and without scripts, its own content is shown.
 */
import { html, LitElement, nothing, unsafeCSS, type PropertyValues, type TemplateResult } from 'lit';
import { download, saveFigure } from '../figure/save';
import type { Spec } from '../figure/figure';
import type { Item } from '../figure/menu';
import type { FigureKind, Focus, Report, ReportView, Request, Settings, Theme } from '../wasm/embed/lorascope';
import { math } from '../text/math';
import { lacking, unfit, unplaced } from './asked';
import { dials, type Dial } from './dials';
import { own } from './own';
import { fetched } from './reports';
import { themeOf } from './scheme';
import type { FigureName, LorascopeFigureElement, Selection } from './types';
import { loadView } from './wasm';
import styles from './style.css?inline';
import '../figure/figure';
import '../figure/menu';

/** The distance from the viewport at which work starts. */
const NEAR = '400px';

/** The element's own public members, without those that every element has. */
type Public = Omit<LorascopeFigureElement, keyof HTMLElement>;

export class LorascopeFigure extends LitElement implements Public {
  static override styles = unsafeCSS(own(styles));
  static override properties = {
    src: { reflect: true },
    lesson: { reflect: true },
    taught: { state: true },
    figure: { reflect: true },
    model: { reflect: true },
    matrix: { reflect: true },
    k: { type: Number, reflect: true },
    epsilon: { type: Number, reflect: true },
    side: { reflect: true },
    cosine: { reflect: true },
    vector: { type: Number, reflect: true },
    top: { type: Number, reflect: true },
    until: { type: Number, reflect: true },
    times: { type: Number, reflect: true },
    fraction: { type: Boolean, reflect: true },
    adaptersOnly: { type: Boolean, attribute: 'adapters-only', reflect: true },
    theme: { reflect: true },
    controls: { reflect: true },
    caption: { reflect: true },
    focus_: { state: true },
    failure: { state: true },
    head: { state: true },
  };
  // The attributes are explained in types.d.ts.
  declare src: string | null;
  declare lesson: string | null;
  /** The lesson's own element, once its module is there. */
  declare taught: HTMLElement | undefined;
  declare figure: FigureName;
  declare model: string | null;
  declare matrix: string | null;
  declare k: number | null;
  declare epsilon: number | null;
  declare side: Settings['side'] | null;
  declare cosine: Settings['cosine'] | null;
  declare vector: number | null;
  declare top: number | null;
  declare until: number | null;
  declare times: number | null;
  declare fraction: boolean;
  declare adaptersOnly: boolean;
  declare theme: Theme | null;
  declare controls: string | null;
  declare caption: 'none' | 'title' | null;
  declare focus_: Focus | undefined;
  declare failure: string;
  declare head: Pick<Report, 'settings' | 'models' | 'base'> | undefined;
  /** For `<lorascope-figure-view>`: what it draws from. */
  readonly #drawn: { view: ReportView | undefined; version: number } = { view: undefined, version: 0 };
  #figures: readonly FigureKind[] = [];
  #started = false;
  /** A lesson's dials are attributes that only the lesson knows. */
  readonly #changes = new MutationObserver(() => this.#teach());
  #sight: IntersectionObserver | undefined;

  constructor() {
    super();
    this.figure = 'epsilon-curve';
    this.fraction = false;
    this.adaptersOnly = false;
    this.failure = '';
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#sight = new IntersectionObserver(
      (entries) => {
        if (entries.some((entry) => entry.isIntersecting)) void this.#start();
      },
      { rootMargin: NEAR },
    );
    this.#sight.observe(this);
    this.addEventListener('transitionrun', this.#recoloured);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.removeEventListener('transitionrun', this.#recoloured);
    this.#sight?.disconnect();
    this.#changes.disconnect();
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    // Another report, once there was one.
    if (changed.has('src') && changed.get('src') !== undefined && this.#started) {
      this.#started = false;
      void this.#start();
    }
  }

  async #start(): Promise<void> {
    if (this.#started) return;
    this.#started = true;
    this.#sight?.disconnect();
    try {
      if (this.lesson) return await this.#lesson();
      const own = () => loadView().then((View) => View.fromJson(this.#own()));
      const [View, view] = await Promise.all([loadView(), this.src ? fetched(this.src) : own()]);
      this.#drawn.view = view;
      this.#figures = View.figures();
      this.#drawn.version += 1;
      this.head = view.head() as Report;
      this.failure = '';
      await this.updateComplete;
      if (this.#wrong()) return;
      this.dispatchEvent(
        new CustomEvent('ready', { detail: { alt: view.alt(this.#request()) }, bubbles: true, composed: true }),
      );
    } catch (error) {
      // The host forbids WebAssembly: the still drawing inside is what it allows, and its readers can do nothing about it.
      if (forbidden(error) && this.querySelector('svg, img'))
        console.info('Lorascope: the page’s Content-Security-Policy lacks ‘wasm-unsafe-eval’; the figure stays still.');
      else this.failure = error instanceof Error ? error.message : String(error);
    }
  }

  /** Lessons compute: what they need lies in a module of its own, beside this one. */
  async #lesson(): Promise<void> {
    // A bundled page has imported it by itself.
    const address = import.meta.url.replace(/[^/]*$/, 'lorascope-lessons.js');
    if (!customElements.get('lorascope-lesson')) await import(/* @vite-ignore */ address);
    this.taught = document.createElement('lorascope-lesson');
    this.#teach();
    this.#changes.observe(this, { attributes: true });
  }

  #teach(): void {
    for (const { name, value } of this.attributes)
      if (this.taught?.getAttribute(name) !== value) this.taught?.setAttribute(name, value);
  }

  /** The report inside the element. */
  #own(): string {
    const own = this.querySelector('script[type="application/json"]')?.textContent;
    if (!own) throw new Error('There is no report: give src, or put it inside the element.');
    return own;
  }

  /** The style lets the text's colour take a moment to change: so a page that turns dark or light is heard of. */
  readonly #recoloured = (event: TransitionEvent): void => {
    if (event.target === this && event.propertyName === 'color') this.requestUpdate();
  };

  /** The mark that the reader points at; `<lorascope-figure-view>` asks and tells. */
  readonly #pointer = ((self: LorascopeFigure) => ({
    get focus() {
      return self.focus_;
    },
    point(focus: Focus | undefined) {
      self.focus_ = focus;
    },
  }))(this);

  get #settings(): Settings {
    const own = this.head!.settings;
    return {
      ...own,
      k: this.k ?? own.k,
      epsilon: this.epsilon ?? own.epsilon,
      side: this.side ?? own.side,
      cosine: this.cosine ?? own.cosine,
    };
  }

  #spec(): Spec {
    const models = this.head!.models;
    const at = models.findIndex(({ label }) => label === this.model);
    const number = Number(this.model) - 1;
    return {
      figure: this.figure,
      settings: this.#settings,
      matrix: this.matrix ?? undefined,
      model: at >= 0 ? at : models[number] ? number : undefined,
      ...(this.top ? { top: this.top } : {}),
      planned: this.#drawn.view!.matrixCount(),
      focus: this.focus_,
      vector: this.vector ? this.vector - 1 : undefined,
      fraction: this.fraction,
      adaptersOnly: this.adaptersOnly,
      until: this.until ?? undefined,
      times: this.times ?? undefined,
    };
  }

  #request(): Request {
    const drawn = this.renderRoot.querySelector('lorascope-figure-view');
    return drawn?.request ?? { ...this.#spec(), theme: 'light', width: 632, scale: 1 };
  }

  protected override render(): TemplateResult {
    if (this.failure)
      return html`<p class="failure" role="alert">This figure did not load. ${this.failure}</p><slot></slot>`;
    if (this.taught) return html`${this.taught}`;
    if (!this.head) return html`<div class="room"><slot></slot></div>`;
    const wrong = this.#wrong();
    if (wrong) return html`<p class="failure" role="alert">${wrong}</p>`;
    const spec = this.#spec();
    const own = this.#figures.find(({ id }) => id === this.figure)?.dials ?? [];
    const shown = dials(own, this.controls);
    return html`${this.caption === 'none' ? nothing : html`<p class="title">${math(this.#title(spec))}</p>`}
      <lorascope-figure-view
        .report=${this.#drawn} .pointer=${this.#pointer} .spec=${spec} .theme=${this.theme ?? themeOf(this)} .chosen=${this.#chosen}
      ></lorascope-figure-view>
      ${
        shown.dials.length > 0 || shown.menu
          ? html`<div class="bar">${shown.dials.map((dial) => this.#dial(dial))} ${shown.menu ? html`<lorascope-menu .items=${this.#items()}></lorascope-menu>` : nothing}</div>`
          : nothing
      }
      ${this.caption ? nothing : html`<p class="caption">${math(this.#drawn.view!.caption(spec.settings))}</p>`}`;
  }

  /** The reason why something that was asked for cannot be drawn. */
  #wrong(): string {
    const models = this.head?.models.map(({ label }) => label) ?? [];
    const wrong =
      unfit((name) => this.#written(name)) || lacking(this, { figures: this.#figures.map(({ id }) => id), models });
    if (wrong || this.matrix == null) return wrong;
    // A heading names its matrix, where there is one.
    const placed = (matrix: string | undefined) => this.#heading({ ...this.#spec(), matrix }).includes(': ');
    return placed(undefined) && !placed(this.matrix) ? this.#unplaced(this.matrix) : '';
  }

  /** An attribute as it is in force: what a script has set reaches the attribute only after this. Of what is no number only the attribute has the text. */
  #written(name: string): string | undefined {
    const value = this[name as keyof this] as unknown;
    if (value == null) return undefined;
    return Number.isNaN(value) ? (this.getAttribute(name) ?? 'NaN') : String(value);
  }

  /** Which matrices there are, only the whole report knows: it is looked through when one is asked for that is not there. */
  #unplaced(matrix: string): string {
    const { models } = JSON.parse(this.#drawn.view!.json(this.#settings)) as Report;
    const names = (all: Report['models']) => [...new Set(all.flatMap((m) => m.matrices.map(({ name }) => name)))];
    const own = models[this.#spec().model ?? -1];
    return unplaced(matrix, own?.label, names(own ? [own] : []), names(models));
  }

  #heading(spec: Spec): string {
    return this.#drawn.view!.heading({ ...spec, theme: 'light', width: 632, scale: 1 });
  }

  /** The title: the figure's name, its matrix and model; of figures of a whole run, the base. */
  #title(spec: Spec): string {
    return `${this.#heading(spec)}, ${this.head!.base.label}`;
  }

  #dial(dial: Dial): TemplateResult {
    const { min, max, step, value, label, said } = dial.of({
      settings: this.#settings,
      models: this.head!.models,
      until: this.until,
      times: this.times,
      model: this.#spec().model,
    });
    const set = (event: Event) => {
      Object.assign(
        this,
        dial.set((event.currentTarget as HTMLInputElement).valueAsNumber, this.head!.models, this.#spec().model),
      );
    };
    return html`<label class="ctl"><span>${label}</span>
      <input type="range" min=${min} max=${max} step=${step} .value=${String(value)} aria-valuetext=${said} @input=${set} /><output>${said}</output></label>`;
  }

  #items(): Item[] {
    const file = (kind: 'svg' | 'png' | 'csv' | 'json', label: string): Item => ({
      label,
      testid: `export-${kind}`,
      act: () => saveFigure(kind, this.#drawn, this.#request()),
    });
    return [
      file('svg', 'SVG'),
      file('png', 'PNG'),
      file('csv', 'CSV'),
      file('json', 'JSON'),
      {
        label: 'Report',
        testid: 'export-report',
        act: () =>
          download(new Blob([this.#drawn.view!.json(this.#settings)], { type: 'application/json' }), 'report.json'),
      },
      { label: 'Copy citation', done: 'Copied.', act: () => navigator.clipboard.writeText(this.#drawn.view!.bibtex()) },
    ];
  }

  readonly #chosen = (focus: Focus): void => {
    const { matrix, model, i, j, epsilon, k } = focus;
    const from1 = (n: number | null | undefined) => (n == null ? undefined : n + 1);
    const detail: Selection = {
      matrix: matrix ?? undefined,
      model: model == null ? undefined : this.head?.models[model]?.label,
      i: from1(i),
      j: from1(j),
      epsilon: epsilon ?? undefined,
      k: k ?? undefined,
    };
    this.dispatchEvent(new CustomEvent('select', { detail, bubbles: true, composed: true }));
  };
}

/** Whether a Content-Security-Policy kept the module from being compiled; browsers say so in words of their own. */
function forbidden(error: unknown): boolean {
  return error instanceof Error && /unsafe-eval|content security policy|\bCSP\b/i.test(error.message);
}

// A page may hold several exported figures, each with this module.
if (!customElements.get('lorascope-figure')) customElements.define('lorascope-figure', LorascopeFigure);
