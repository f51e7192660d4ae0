/** The editor of a model's name, in place: by a double click, by F2 or Enter on it, on a touch screen by the word beside it. */
import { html, type TemplateResult } from 'lit';
import { LONGEST_NAME, refusal } from '../state/renames';
import { nameText } from './model';
import { View } from './view';

class NameView extends View {
  static override properties = { ...View.properties, at: { attribute: false }, editing: { state: true } };
  /** The model's place in the report. */
  declare at: number;
  declare editing: boolean;

  constructor() {
    super();
    this.editing = false;
  }

  protected override render(): TemplateResult {
    const { state } = this.ctx;
    const label = state.head?.models[this.at]?.label ?? '';
    const fixed = state.status === 'running' || state.status === 'planning';
    if (fixed) return html`<b>${nameText(label)}</b>`;
    if (this.editing)
      return html`<input type="text" class="rename" data-testid="rename" spellcheck="false" autocomplete="off" maxlength=${LONGEST_NAME} aria-label="Name of ${label}; empty: its own" .value=${label}
        @keydown=${this.#typed} @input=${(e: Event) => (e.currentTarget as HTMLInputElement).setCustomValidity('')} @blur=${() => this.#leave(true)} />`;
    return html`<b class="called" tabindex="0" role="button" aria-label="${label}, rename" title="Double click to rename" @dblclick=${this.#edit} @keydown=${this.#keyed}>${nameText(label)}</b>
      <button class="btn plain by-touch" aria-label="Rename ${label}" @click=${this.#edit}>Rename</button>`;
  }

  readonly #edit = async (): Promise<void> => {
    this.editing = true;
    await this.updateComplete;
    this.#input?.focus();
    this.#input?.select();
  };

  readonly #keyed = (event: KeyboardEvent): void => {
    if (event.key !== 'F2' && event.key !== 'Enter') return;
    event.preventDefault();
    void this.#edit();
  };

  readonly #typed = (event: KeyboardEvent): void => {
    if (event.key !== 'Enter' && event.key !== 'Escape') return;
    // Escape is the page's own key too.
    event.preventDefault();
    if (event.key === 'Escape') void this.#close();
    else this.#leave(false);
  };

  get #input(): HTMLInputElement | null {
    return this.querySelector('input');
  }

  /** Takes the name; one that another model has is refused in words, or forgotten where the reader has gone on. */
  #leave(gone: boolean): void {
    const [input, { state, app }] = [this.#input, this.ctx];
    if (!input || !this.editing) return;
    const why = refusal(state, this.at, input.value);
    if (why && !gone) {
      input.setCustomValidity(why);
      input.reportValidity();
      return;
    }
    if (!why) void app.rename(this.at, input.value);
    void this.#close(gone);
  }

  async #close(gone = false): Promise<void> {
    this.editing = false;
    await this.updateComplete;
    if (!gone) this.querySelector<HTMLElement>('.called')?.focus();
  }
}

customElements.define('lorascope-name', NameView);
