/**
 * `<lorascope-lesson lesson="making-an-intruder" lambda="1.1">`: one lesson for any page, its dials as attributes. One file, no headers, no worker:
 * the page's own thread computes, a slice at a time.
 */
import { html, LitElement, nothing, unsafeCSS, type TemplateResult } from 'lit';
import { saveFigure } from '../figure/save';
import { LESSONS } from '../lessons/all';
import { type Host, Runner, type Shown } from '../lessons/host';
import type { Dials, Lesson, Value } from '../lessons/lesson';
import { parse } from '../lessons/link';
import { kebab } from '../lessons/take-away';
import type { Drawing, Menu } from '../lessons/view';
import type { Theme } from '../wasm/simd/lorascope';
import { loadLessons } from './lesson-wasm';
import { own } from './own';
import { themeOf } from './scheme';
import styles from './lesson.css?inline';
import '../lessons/view';

const NEAR = '400px';

export class LorascopeLesson extends LitElement {
  static override styles = unsafeCSS(own(styles));
  static override properties = {
    lesson: { reflect: true },
    theme: { reflect: true },
    hide: { reflect: true },
    step: { type: Number },
    words: { type: Boolean },
    dials: { state: true },
    near: { state: true },
    facts: { state: true },
  };
  /** The lesson's id. */
  declare lesson: string;
  declare theme: Theme | null;
  /** Dials that are not shown, by id; `controls` and `menu` hide all of them. */
  declare hide: string | null;
  /** The step up to which a lesson that trains goes by itself. */
  declare step: number | null;
  /** With the lesson's sentences. */
  declare words: boolean;
  declare dials: Dials;
  declare near: boolean;
  declare facts: Shown['facts'];
  #host: Promise<Host> | undefined;
  #drawing: Promise<Drawing> | undefined;
  #sight: IntersectionObserver | undefined;
  readonly #changes = new MutationObserver(() => this.#read());

  constructor() {
    super();
    this.lesson = '';
    this.words = false;
    this.dials = {};
    this.near = false;
    this.facts = {};
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.addEventListener('transitionrun', this.#recoloured);
    this.#read();
    this.#changes.observe(this, { attributes: true });
    this.#sight = new IntersectionObserver(
      (entries) => entries.some((entry) => entry.isIntersecting) && this.#start(),
      { rootMargin: NEAR },
    );
    this.#sight.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.removeEventListener('transitionrun', this.#recoloured);
    this.#changes.disconnect();
    this.#sight?.disconnect();
  }

  readonly #recoloured = (event: TransitionEvent): void => {
    if (event.target === this && event.propertyName === 'color') this.requestUpdate();
  };

  get #lesson(): Lesson | undefined {
    return LESSONS.find(({ id }) => id === this.lesson);
  }

  /** Dials from attributes: `learning-rate` is the dial `learningRate`. */
  #read(): void {
    const lesson = this.#lesson;
    if (!lesson) return;
    const given = lesson.dials.flatMap((dial) => {
      const value = parse(dial, this.getAttribute(kebab(dial.id)));
      return value === undefined ? [] : [[dial.id, value] as [string, Value]];
    });
    this.dials = { ...lesson.defaults, ...Object.fromEntries(given) };
  }

  #start(): void {
    if (this.near) return;
    this.#sight?.disconnect();
    const wasm = loadLessons();
    this.#drawing = wasm.then(({ ReportView }) => ReportView as unknown as Drawing);
    this.#host = wasm.then(({ WasmLesson }) => hostHere(new Runner(WasmLesson)));
    this.near = true;
  }

  protected override render(): TemplateResult {
    const lesson = this.#lesson;
    if (!lesson)
      return html`<p class="failure" role="alert">There is no lesson “${this.lesson}”. There are ${LESSONS.map(({ id }) => id).join(', ')}.</p><slot></slot>`;
    if (!this.near) return html`<slot></slot>`;
    const hide = (this.hide ?? '').split(/[\s,]+/);
    return html`${this.words ? lesson.words(this.facts, this.dials) : nothing}
      <lorascope-lesson-view .lesson=${lesson} .dials=${this.dials} .hide=${hide} .theme=${this.theme ?? themeOf(this)} .host=${this.#host} .drawing=${this.#drawing} .menu=${this.#menu}
        .until=${this.step ?? undefined} .running=${this.step !== null && this.step !== undefined}
        @facts=${(e: CustomEvent<Shown['facts']>) => this.#heard(e.detail)} @dial=${(e: CustomEvent<Dials>) => (this.dials = e.detail)}></lorascope-lesson-view>
      ${this.words ? lesson.after(this.facts, this.dials) : nothing}`;
  }

  #heard(facts: Shown['facts']): void {
    const first = Object.keys(this.facts).length === 0;
    this.facts = facts;
    if (first) this.dispatchEvent(new CustomEvent('ready', { bubbles: true, composed: true }));
  }

  readonly #menu: Menu = (_slot, drawn, request) =>
    (['svg', 'png', 'csv', 'json'] as const).map((kind) => ({
      label: kind.toUpperCase(),
      testid: `export-${kind}`,
      act: () => saveFigure(kind, drawn, request()),
    }));
}

/** The page's own thread, which gets a breath between slices. */
function hostHere(runner: Runner): Host {
  const soon = <T>(work: () => T): Promise<T> =>
    new Promise((done, failed) =>
      setTimeout(() => {
        try {
          done(work());
        } catch (error) {
          failed(error);
        }
      }),
    );
  return {
    open: (id, dials) => soon(() => runner.open(id, dials)),
    turn: (dials) => soon(() => runner.turn(dials)),
    advance: (milliseconds) => soon(() => runner.advance(Math.min(milliseconds, 30))),
    files: () => soon(() => runner.files()),
    close: () => undefined,
  };
}

if (!customElements.get('lorascope-lesson')) customElements.define('lorascope-lesson', LorascopeLesson);
