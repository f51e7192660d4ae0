/** A table that may be wider than its place: what goes on at the right is said below it, with a button that goes there. */
import { html, LitElement, nothing, type TemplateResult } from 'lit';

/** Pixels; less is rounding. */
const SEEN = 2;

/** Of what is in sight, how much a press moves on: the last column seen is the first one then. */
const STEP = 0.7;

type Beyond = '' | 'right' | 'left';

export class WideView extends LitElement {
  static override properties = { table: { attribute: false }, beyond: { state: true } };
  declare table: TemplateResult;
  /** Where the columns are that are out of sight: at the right, or only at the left. */
  declare beyond: Beyond;
  #watched: Element | undefined;
  readonly #resize = new ResizeObserver(() => this.#look());

  constructor() {
    super();
    this.beyond = '';
  }

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#resize.disconnect();
    this.#watched = undefined;
  }

  protected override render(): TemplateResult {
    return html`<div class="tbl-scroll ${this.beyond === 'right' ? 'goes-on' : ''}" @scroll=${this.#look}>${this.table}</div>
      ${
        this.beyond
          ? html`<p class="more"><button class="link" data-testid="more-columns" @click=${this.#go}>${this.beyond === 'right' ? 'More columns →' : '← The first columns'}</button></p>`
          : nothing
      }`;
  }

  protected override updated(): void {
    const table = this.querySelector('table') ?? undefined;
    if (table === this.#watched) return;
    this.#resize.disconnect();
    this.#watched = table;
    // The table grows with its numbers, its place with the window.
    for (const element of [table, this.#place]) if (element) this.#resize.observe(element);
  }

  get #place(): HTMLElement | null {
    return this.querySelector<HTMLElement>('.tbl-scroll');
  }

  readonly #look = (): void => {
    const place = this.#place;
    if (!place) return;
    const beyond = place.scrollWidth - place.clientWidth;
    this.beyond = beyond < SEEN ? '' : place.scrollLeft < beyond - SEEN ? 'right' : 'left';
  };

  readonly #go = (): void => {
    const place = this.#place;
    if (this.beyond === 'right') place?.scrollBy({ left: STEP * place.clientWidth });
    else place?.scrollTo({ left: 0 });
  };
}

export function wide(table: TemplateResult): TemplateResult {
  return html`<lorascope-wide .table=${table}></lorascope-wide>`;
}

customElements.define('lorascope-wide', WideView);
