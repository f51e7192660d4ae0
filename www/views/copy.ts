/** The copy button: copies a text and says so, or says why there is none. */
import { html, LitElement, nothing, type TemplateResult } from 'lit';
import { CannotCarry } from '../state/carried';
import { copyText } from '../text/clipboard';

const SAID = 2000;

export class CopyView extends LitElement {
  static override properties = {
    label: {},
    kind: {},
    text: { attribute: false },
    said: { state: true },
    why: { state: true },
  };
  declare label: string;
  /** The class of the button. */
  declare kind: string;
  declare text: () => string | Promise<string>;
  declare said: string;
  /** The reason why there is nothing to copy; stands until the reader goes on. */
  declare why: string;

  constructor() {
    super();
    this.said = '';
    this.why = '';
    this.kind = 'link';
  }

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  protected override render(): TemplateResult {
    return html`<button class=${this.kind} @click=${this.#copy} @blur=${() => (this.why = '')}>${this.said || this.label}</button>
      ${this.why ? html`<p class="why-not" role="alert">${this.why}</p>` : nothing}<span class="sr" role="status">${this.said}</span>`;
  }

  readonly #copy = async (): Promise<void> => {
    try {
      this.why = '';
      await copyText(this.text());
      this.said = 'Copied';
    } catch (error) {
      if (error instanceof CannotCarry) this.why = error.message;
      else this.said = 'The browser refused to copy';
    }
    setTimeout(() => (this.said = ''), SAID);
  };
}

customElements.define('lorascope-copy', CopyView);
