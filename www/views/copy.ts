/** A word that copies a text and says so. */
import { html, LitElement, type TemplateResult } from 'lit';

const SAID = 2000;

export class CopyView extends LitElement {
  static override properties = { label: {}, kind: {}, text: { attribute: false }, said: { state: true } };
  declare label: string;
  /** The class of the button. */
  declare kind: string;
  declare text: () => string;
  declare said: string;

  constructor() {
    super();
    this.said = '';
    this.kind = 'link';
  }

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  protected override render(): TemplateResult {
    return html`<button class=${this.kind} @click=${this.#copy}>${this.said || this.label}</button><span class="sr" role="status">${this.said}</span>`;
  }

  readonly #copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(this.text());
      this.said = 'Copied';
    } catch {
      this.said = 'The browser refused to copy';
    }
    setTimeout(() => (this.said = ''), SAID);
  };
}

customElements.define('lorascope-copy', CopyView);
