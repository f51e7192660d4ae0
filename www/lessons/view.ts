/** A lesson's dials and figures. They are the same on the page and in an embed; who computes is given from outside. */
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { SETTINGS } from '../contract';
import type { FigureView, Spec } from '../figure/figure';
import type { Item } from '../figure/menu';
import type { Focus, ReportView, Request, Settings, Theme } from '../wasm/simd/lorascope';
import { dial } from './dial';
import type { Host, Shown } from './host';
import type { Dials, Facts, Lesson, Slot, Value } from './lesson';
import '../figure/figure';
import '../figure/menu';

/** Milliseconds of work between two drawings. */
const SLICE = 60;

/** The drawing side's class: a report becomes drawable. */
export type Drawing = new (report: Shown['report']) => ReportView;

/** The entries of a figure's menu, by whoever shows the lesson. */
export type Menu = (
  slot: Slot,
  drawn: { view: ReportView | undefined; version: number },
  request: () => Request,
) => readonly Item[];

export class LessonView extends LitElement {
  static override properties = {
    lesson: { attribute: false },
    dials: { attribute: false },
    hide: { attribute: false },
    theme: { attribute: false },
    facts: { state: true },
    done: { state: true },
    running: { state: true },
    failure: { state: true },
    more: { state: true },
    focus_: { state: true },
    tables: { attribute: false },
    asks: { attribute: false },
  };
  declare lesson: Lesson;
  declare dials: Dials;
  declare hide: readonly string[];
  declare theme: Theme | undefined;
  declare facts: Facts;
  declare done: number;
  declare running: boolean;
  declare failure: string;
  declare more: boolean;
  declare focus_: Focus | undefined;
  /** The figures whose tables are open. */
  declare tables: ReadonlySet<string>;
  /** A question beside the lesson waits for the reader's word. */
  declare asks: boolean;
  host: Promise<Host> | undefined;
  drawing: Promise<Drawing> | undefined;
  menu: Menu | undefined;
  /** The table of a figure, where the page has one to show. */
  table: ((slot: Slot, drawn: LessonView['drawn'], request: Request) => TemplateResult) | undefined;
  /** A lesson that runs goes on until this step, once. */
  until: number | undefined;
  readonly drawn: { view: ReportView | undefined; version: number } = { view: undefined, version: 0 };
  #opened = '';
  /** The dials that were computed last, and whether a computation is under way: only the newest dials are ever waited for. */
  #computed = '';
  #busy = false;
  #dragging = false;

  constructor() {
    super();
    this.facts = {};
    this.done = 0;
    this.running = false;
    this.failure = '';
    this.more = false;
    this.hide = [];
    this.tables = new Set();
    this.asks = false;
  }

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.running = false;
  }

  protected override willUpdate(changed: PropertyValues): void {
    // Another lesson: nothing of the one before is shown.
    if (!changed.has('lesson') || changed.get('lesson') === undefined) return;
    this.drawn.view?.free();
    this.drawn.view = undefined;
    this.facts = {};
    this.done = 0;
    this.running = false;
    this.more = false;
    this.focus_ = undefined;
  }

  protected override updated(changed: PropertyValues): void {
    if (changed.has('lesson') || changed.has('dials') || changed.has('running')) void this.#work();
  }

  /** Computes until the newest dials are shown and nothing is left to go on with. */
  async #work(): Promise<void> {
    if (this.#busy || !this.host || !this.drawing) return;
    this.#busy = true;
    try {
      const [host, Drawing] = [await this.host, await this.drawing];
      while (this.isConnected) {
        const [dials, { id }] = [JSON.stringify(this.dials), this.lesson];
        let shown: Shown;
        if (this.#opened !== id) {
          this.#opened = id;
          shown = await host.open(id, dials);
        } else if (this.#computed !== dials) {
          shown = await host.turn(dials);
        } else if (this.done < 1 && (this.running || !this.lesson.runs)) {
          // On the way to a step one slice at a time: the numbers of a step are the same for everybody.
          shown = await host.advance(this.until === undefined ? SLICE : 0);
        } else {
          return;
        }
        if (id !== this.lesson.id || this.#opened !== id) continue;
        this.#computed = dials;
        this.#show(shown, Drawing);
        if (this.done >= 1 || (this.until !== undefined && (this.facts['step'] ?? 0) >= this.until)) {
          this.running = false;
          this.until = undefined;
        }
        // One drawing per frame: the page stays the reader's. A page out of sight has no frames, and goes on.
        if (!document.hidden) await new Promise(requestAnimationFrame);
      }
    } catch (error) {
      this.failure = error instanceof Error ? error.message : String(error);
    } finally {
      this.#busy = false;
    }
    // Dials that moved during the last await.
    if (!this.failure && this.isConnected && this.#computed !== JSON.stringify(this.dials)) void this.#work();
  }

  #show({ report, facts, done }: Shown, Drawing: Drawing): void {
    const view = new Drawing(report);
    this.drawn.view?.free();
    this.drawn.view = view;
    this.drawn.version += 1;
    this.done = done;
    this.facts = facts;
    this.dispatchEvent(new CustomEvent('facts', { detail: facts, bubbles: true }));
  }

  /** Goes on, or waits. */
  play(): void {
    this.running = !this.running;
  }

  /** One look further. */
  step(): void {
    if (!this.host || !this.drawing || this.#busy) return;
    this.until = (this.facts['step'] ?? 0) + 1;
    this.running = true;
  }

  /** Starts again from the beginning. */
  reset(): void {
    this.running = false;
    this.#opened = '';
    this.done = 0;
    void this.#work();
  }

  readonly #set = (id: string, value: Value): void => this.#all({ [id]: value });

  get #settings(): Settings {
    const { k, epsilon } = this.dials;
    return {
      ...SETTINGS,
      mode: 'exact',
      k: typeof k === 'number' ? k : SETTINGS.k,
      epsilon: typeof epsilon === 'number' ? epsilon : SETTINGS.epsilon,
    };
  }

  #spec(slot: Slot): Spec {
    return {
      figure: slot.figure,
      panel: slot.panel,
      settings: this.#settings,
      focus: this.focus_,
      ...slot.spec?.(this.dials, this.facts),
    };
  }

  readonly #pointer = ((self: LessonView) => ({
    get focus() {
      return self.focus_;
    },
    point(focus: Focus | undefined) {
      self.focus_ = focus;
      if (focus && self.#dragging) self.#drag?.(focus);
    },
  }))(this);

  /** The dials that a drag over the pressed figure sets. */
  #drag: ((focus: Focus) => void) | undefined;

  protected override render(): TemplateResult {
    const { lesson, dials, facts } = this;
    if (this.failure)
      return html`<p class="error" role="alert">The lesson stopped. ${this.failure} Load the page again.</p>`;
    const shown = lesson.figures.filter((slot) => slot.when?.(dials, facts) ?? true);
    return html`${this.hide.includes('controls') ? nothing : this.#dials()}
      ${lesson.runs ? this.#run() : nothing}
      <div class="lesson-figures">${repeat(
        shown,
        ({ id }) => id,
        (slot) => this.#figure(slot),
      )}</div>`;
  }

  #dials(): TemplateResult {
    const shown = this.lesson.dials.filter((d) => !this.hide.includes(d.id) && (d.when?.(this.dials) ?? true));
    const [main, rest] = [shown.filter((d) => d.main), shown.filter((d) => !d.main)];
    return html`<div class="lesson-dials" role="group" aria-label="Dials">
      ${main.map((d) => dial(d, this.dials, this.facts, this.#set))}
      ${
        rest.length > 0
          ? html`<button class="link" aria-expanded=${this.more} data-testid="more-dials" @click=${() => (this.more = !this.more)}>${this.more ? 'Fewer dials' : 'More dials'}</button>`
          : nothing
      }
      ${this.more ? html`<div class="lesson-more">${rest.map((d) => dial(d, this.dials, this.facts, this.#set))}</div>` : nothing}
    </div>`;
  }

  #run(): TemplateResult {
    const ended = this.done >= 1;
    const begun = (this.facts['step'] ?? 0) > 0 || this.done > 0;
    return html`<div class="lesson-run">
      <button class="btn main" data-testid="play" ?disabled=${ended} @click=${() => this.play()}>${this.running ? 'Pause' : begun ? 'Go on' : 'Train'}</button>
      <button class="btn" data-testid="step" ?disabled=${ended || this.running} @click=${() => this.step()}>Step</button>
      <button class="btn plain" data-testid="reset" ?disabled=${!begun} @click=${() => this.reset()}>Reset</button>
      <progress max="1" .value=${this.done} aria-label="Work done"></progress>
      <span class="quiet" role="status" data-testid="run-status">${ended ? 'Done.' : this.running ? 'Training.' : begun ? 'Paused.' : ''}</span>
    </div>`;
  }

  #figure(slot: Slot): TemplateResult {
    if (slot.tells && this.asks)
      return html`<section class="lesson-figure ${slot.size ?? ''}" data-slot=${slot.id} aria-label=${slot.title}>
        <div class="lesson-head"><h2>${slot.title}</h2></div>
        <p class="quiet">It answers the question: say first what you expect, or <button class="link" data-testid="reveal" @click=${() => this.dispatchEvent(new CustomEvent('reveal'))}>show it now</button>.</p>
      </section>`;
    const drag = slot.drag;
    const press = (event: PointerEvent) => {
      if (!drag) return;
      this.#dragging = true;
      this.#drag = (focus) => this.#all(drag(focus));
      (event.currentTarget as HTMLElement).addEventListener('pointerup', () => (this.#dragging = false), {
        once: true,
      });
    };
    const keys = (event: KeyboardEvent) => {
      if (!drag || !event.key.startsWith('Arrow')) return;
      // The figure has moved its own crosshair first: what it shows is where the vector turns to.
      if (this.focus_) this.#all(drag(this.focus_));
    };
    const request = () => this.querySelector<FigureView>(`[data-slot=${slot.id}] lorascope-figure-view`)!.request;
    const spec = this.#spec(slot);
    return html`<section class="lesson-figure ${slot.size ?? ''}" data-testid="figure" data-figure=${slot.figure} data-slot=${slot.id} aria-label=${slot.title}>
      <div class="lesson-head"><h2>${slot.title}</h2>
        ${this.menu && !this.hide.includes('menu') ? html`<lorascope-menu .items=${this.menu(slot, this.drawn, request)}></lorascope-menu>` : nothing}</div>
      <div class=${drag ? 'draggable' : ''} @pointerdown=${press} @pointercancel=${() => (this.#dragging = false)} @keydown=${keys}>
        <lorascope-figure-view .report=${this.drawn} .pointer=${this.#pointer} .spec=${spec} .theme=${this.theme}></lorascope-figure-view>
      </div>
      ${this.table && this.tables.has(slot.id) && this.drawn.view ? this.table(slot, this.drawn, { ...spec, theme: 'light', width: 944, scale: 1, focus: undefined }) : nothing}
    </section>`;
  }

  #all(values: Partial<Record<string, Value>>): void {
    this.dispatchEvent(new CustomEvent('dial', { detail: { ...this.dials, ...values }, bubbles: true }));
  }
}

if (!customElements.get('lorascope-lesson-view')) customElements.define('lorascope-lesson-view', LessonView);

declare global {
  interface HTMLElementTagNameMap {
    'lorascope-lesson-view': LessonView;
  }
}
