/** One figure on a canvas at the screen's own pixels. What it shows comes as a spec; what the reader points at goes to the store. */
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import type { Cell, Focus, Readout, ReportView, Request, Theme } from '../wasm/embed/lorascope';
import type { Pointer } from '../state/store';
import { hang } from './card';
import { MapHand } from './map-hand';
import { screen } from './screen';
import { LATER, Sight } from './sight';

/** A request without what only the element itself knows. */
export type Spec = Omit<Request, 'theme' | 'width' | 'scale'>;

export interface Drawable {
  readonly view: ReportView | undefined;
  readonly version: number;
}

/** CSS pixels. */
const USUAL = 632;

/** The text of an A4 sheet with its margins: figures on paper are laid out for it, so that their letters keep their size. */
const SHEET = 672;

/** Crosshair steps of the arrow keys. */
const ARROWS = new Map([
  ['ArrowLeft', [-1, 0]],
  ['ArrowRight', [1, 0]],
  ['ArrowUp', [0, -1]],
  ['ArrowDown', [0, 1]],
] as const);

export class FigureView extends LitElement {
  static override properties = {
    report: { attribute: false },
    theme: { attribute: false },
    spec: { attribute: false },
    pointer: { attribute: false },
    readout: { state: true },
    spoken: { state: true },
    width: { state: true },
  };
  /** The report to draw: the view, and a number that grows with every change of its data. */
  declare report: Drawable;
  /** Instead of the screen's. */
  declare theme: Theme | undefined;
  declare spec: Spec;
  declare pointer: Pointer;
  declare readout: Readout | undefined;
  declare spoken: string;
  declare width: number;
  /** Moves the window of a map, where that makes sense. */
  look: ((top: number, origin: Cell) => void) | undefined;
  readonly #hand = new MapHand(this);
  /** Hears of the mark that was clicked, or on which Enter was pressed. */
  chosen: ((focus: Focus) => void) | undefined;
  /** Hears of the place on an axis of thresholds or windows to which the pressed mouse moves. */
  turned: ((focus: Focus) => void) | undefined;
  #drawn = '';
  /** The words for screen readers are made when nothing moves any more. */
  #words: ReturnType<typeof setTimeout> | undefined;
  readonly #sight = new Sight(this);
  readonly #resize = new ResizeObserver(([entry]) => {
    if (!entry) return;
    const width = Math.floor(entry.contentRect.width);
    // Drawn at once, the figure would change its own height among the observer's notifications, which browsers report as an error.
    if (screen().printing) this.width = width;
    else requestAnimationFrame(() => (this.width = width));
  });

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#resize.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#resize.disconnect();
    clearTimeout(this.#words);
  }

  protected override render(): TemplateResult {
    if (this.spec.thumbnail) return html`<canvas aria-hidden="true"></canvas>`;
    return html`<canvas
        class=${this.#turns ? 'turns' : ''}
        tabindex="0"
        role="application"
        aria-roledescription="figure"
        @pointermove=${this.#point}
        @pointerdown=${this.#press}
        @pointerup=${this.#hand.release}
        @wheel=${this.#hand.wheel}
        @touchstart=${this.#hand.fingers}
        @touchmove=${this.#hand.fingers}
        @touchend=${this.#hand.fingers}
        @dblclick=${this.#hand.closer}
        @pointerleave=${this.#leave}
        @click=${this.#click}
        @keydown=${this.#key}
        @blur=${this.#leave}
      ></canvas>
      ${this.readout ? card(this.readout) : nothing}
      <p class="sr" aria-live="polite">${this.spoken}</p>`;
  }

  protected override updated(changed: PropertyValues): void {
    const { view, version } = this.report;
    const canvas = this.querySelector('canvas');
    if (!view || !canvas || !this.width || !this.#sight.now(this.spec.running)) return;
    const request = this.request;
    const key = `${version} ${JSON.stringify(view.followsRule(request.figure) ? request : { ...request, settings: undefined })}`;
    if (key !== this.#drawn) {
      this.#drawn = key;
      this.#draw(request, canvas);
      // Numbers under a resting crosshair follow the sliders.
      if (changed.has('spec') && this.readout && this.spec.focus) this.readout = view.step(request, 0, 0);
    }
    const box = this.querySelector<HTMLElement>('.card');
    if (box && this.readout) hang(box, this.readout, canvas);
  }

  #draw(request: Request, canvas: HTMLCanvasElement): void {
    const { view } = this.report;
    if (!view) return;
    const height = view.draw(request, canvas);
    canvas.style.setProperty('width', `${request.width}px`);
    canvas.style.setProperty('height', `${height}px`);
    if (request.thumbnail) return;
    clearTimeout(this.#words);
    if (canvas.hasAttribute('aria-label')) this.#words = setTimeout(() => this.#describe(canvas), LATER);
    else this.#describe(canvas);
  }

  #describe(canvas: HTMLCanvasElement): void {
    const { view } = this.report;
    if (view) canvas.setAttribute('aria-label', view.alt(this.request));
  }

  /** The request that is drawn now; before the element has a width, as a page would have it. */
  get request(): Request {
    const { theme, scale, printing } = screen();
    const width = this.width || USUAL;
    return {
      ...this.spec,
      theme: printing ? theme : (this.theme ?? theme),
      scale,
      width: printing ? Math.min(width, SHEET) : width,
    };
  }

  readonly #point = (event: PointerEvent): void => {
    if (this.#hand.drag(event)) return;
    this.#show(this.report.view?.hover(this.request, event.offsetX, event.offsetY), false);
    if (this.#turns && event.buttons === 1 && event.pointerType === 'mouse') this.turned?.(this.readout!.focus);
  };

  readonly #press = (event: PointerEvent): void => {
    this.#hand.press(event);
    this.#point(event);
  };

  readonly #leave = (event: Event): void => {
    // A lifted finger leaves too, but its reader only now looks at the card; a tap elsewhere takes the focus away.
    if (!(event instanceof PointerEvent) || event.pointerType !== 'touch') this.#show(undefined, false);
  };

  readonly #click = (event: MouseEvent): void => {
    // A finger has no hover: its tap shows the numbers, the mouse's click opens.
    if (!this.#hand.dragged && (!(event instanceof PointerEvent) || event.pointerType !== 'touch')) this.#choose();
  };

  readonly #key = (event: KeyboardEvent): void => {
    const arrow = (ARROWS as ReadonlyMap<string, readonly [number, number]>).get(event.key);
    const by = event.shiftKey ? 10 : 1;
    // From the store: several presses may come within the frame that brings the next spec.
    const request = { ...this.request, focus: this.pointer.focus };
    if (arrow) this.#show(this.report.view?.step(request, arrow[0] * by, arrow[1] * by), true);
    else if (this.#hand.key(event.key)) this.#show(undefined, false);
    else if (event.key === 'Enter') this.#choose();
    else if (event.key === 'Escape' && this.readout) this.#show(undefined, false);
    else return;
    event.preventDefault();
  };

  #show(readout: Readout | undefined, aloud: boolean): void {
    if (!readout && !this.readout) return;
    this.readout = readout;
    if (aloud && readout)
      this.spoken = [readout.title, ...readout.lines.map(([name, value]) => `${name} ${value}`)].join('; ');
    this.pointer.point(readout?.focus);
  }

  /** Whether the mark under the pointer is a place that can be turned to. */
  get #turns(): boolean {
    const { epsilon, k } = this.readout?.focus ?? {};
    return this.turned !== undefined && (epsilon != null || k != null);
  }

  #choose(): void {
    if (this.readout) this.chosen?.(this.readout.focus);
  }
}

function card(readout: Readout): TemplateResult {
  return html`<div class="card" aria-hidden="true">
    <b>${readout.title}</b>
    <dl>${readout.lines.map(([name, value], at) => html`<dt class=${of(readout.colors[at])}>${name}</dt><dd>${value}</dd>`)}</dl>
  </div>`;
}

/** A line about a model begins with its colour, as in the figure. */
function of(color: string | undefined): string | typeof nothing {
  return color === undefined ? nothing : `c-${color}`;
}

// A page may hold several exported figures, each with its own copy of this module.
if (!customElements.get('lorascope-figure-view')) customElements.define('lorascope-figure-view', FigureView);

declare global {
  interface HTMLElementTagNameMap {
    'lorascope-figure-view': FigureView;
  }
}
