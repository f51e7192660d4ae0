/** The menu "Save or share": every file and every line of text that a figure gives. */
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';

export interface Item {
  label: string;
  /** Faint words after the label. */
  note?: string;
  testid?: string;
  /** The message when it is done; none for a file, which the browser announces. */
  done?: string;
  act: () => void | Promise<void>;
}

const MOVES = new Map([
  ['ArrowDown', 1],
  ['ArrowUp', -1],
  ['Home', -Infinity],
  ['End', Infinity],
]);

export class MenuView extends LitElement {
  static override properties = { items: { attribute: false }, label: {}, open: { state: true }, said: { state: true } };
  declare items: readonly Item[];
  declare label: string;
  declare open: boolean;
  declare said: string;
  readonly #outside = (event: Event): void => {
    if (!event.composedPath().includes(this)) this.close(false);
  };

  constructor() {
    super();
    this.items = [];
    this.label = 'Save or share';
    this.open = false;
    this.said = '';
  }

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener('pointerdown', this.#outside);
  }

  /** Opens the menu with its first item in focus. */
  show(): void {
    this.open = true;
    this.said = '';
    document.addEventListener('pointerdown', this.#outside);
  }

  close(back = true): void {
    this.open = false;
    document.removeEventListener('pointerdown', this.#outside);
    if (back) this.querySelector<HTMLElement>('button')?.focus();
  }

  protected override updated(changed: PropertyValues): void {
    if (changed.has('open') && this.open) this.querySelector<HTMLElement>('[role=menuitem]')?.focus();
  }

  protected override render(): TemplateResult {
    return html`<button class="link" data-testid="figure-menu" aria-haspopup="menu" aria-expanded=${this.open} @click=${() => (this.open ? this.close() : this.show())}>
        ${this.label}</button>
      <span class="said" role="status">${this.said}</span>
      ${
        this.open
          ? html`<div class="menu" role="menu" aria-label=${this.label} @keydown=${this.#key}>
            ${this.items.map(
              (
                item,
              ) => html`<button role="menuitem" tabindex="-1" data-testid=${item.testid ?? nothing} @click=${() => this.#choose(item)}>
                ${item.label}${item.note ? html` <span class="faint">${item.note}</span>` : nothing}
              </button>`,
            )}
          </div>`
          : nothing
      }`;
  }

  async #choose(item: Item): Promise<void> {
    this.close();
    try {
      await item.act();
      this.said = item.done ?? '';
    } catch (error) {
      this.said = error instanceof Error ? error.message : String(error);
    }
  }

  readonly #key = (event: KeyboardEvent): void => {
    const items = [...this.querySelectorAll<HTMLElement>('[role=menuitem]')];
    const move = MOVES.get(event.key);
    if (move !== undefined) {
      const at = items.indexOf(document.activeElement as HTMLElement);
      const to = Number.isFinite(move) ? (at + move + items.length) % items.length : move > 0 ? items.length - 1 : 0;
      items[to]?.focus();
    } else if (event.key === 'Escape' || event.key === 'Tab') {
      this.close();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };
}

if (!customElements.get('lorascope-menu')) customElements.define('lorascope-menu', MenuView);
