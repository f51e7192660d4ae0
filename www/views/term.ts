/** A term of the glossary in running text: a popover with its meaning and the lesson that shows it. */
import { html, LitElement, nothing, type TemplateResult } from 'lit';
import { math, whole } from '../text/math';
import { pieces, termOf } from '../text/terms';

/** Between the word and what it means, and from there to the edge of the window. */
const NEAR = 6;
/** From so far on that the word has moved, its meaning stands beside something else. */
const FAR = 24;

class TermView extends LitElement {
  static override properties = { term: {}, words: {}, asked: { state: true } };
  /** Its id in the list. */
  declare term: string;
  /** As it is written here. */
  declare words: string;
  /** Few of many words are ever asked about: what they mean is made then. */
  declare asked: boolean;
  /** The word's place in the window when it was asked about. */
  #top = 0;

  constructor() {
    super();
    this.asked = false;
  }

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener('scroll', this.#away, true);
  }

  protected override render(): TemplateResult {
    return html`<button class="link term" type="button" data-testid="term" @click=${this.#ask}>${math(this.words)}</button>${this.asked ? this.#told() : nothing}`;
  }

  #told(): TemplateResult {
    const term = termOf(this.term);
    return html`<div class="meaning" popover role="note" @toggle=${this.#toggled}><p>${math(term?.means ?? '')}
      ${term?.lesson ? html`<a href="#lesson=${term.lesson}">See it in a lesson</a>` : nothing}</p></div>`;
  }

  /** The browser opens and closes it from the second time on. */
  readonly #ask = async (event: Event): Promise<void> => {
    if (this.asked) return;
    // The first click must not be the second too, which closes what it opened.
    event.preventDefault();
    this.asked = true;
    await this.updateComplete;
    const [button, told] = [this.querySelector('button'), this.#popover];
    if (!button || !told) return;
    button.popoverTargetElement = told;
    told.showPopover();
  };

  readonly #toggled = ({ newState }: ToggleEvent): void => {
    const [word, told] = [this.getBoundingClientRect(), this.#popover];
    removeEventListener('scroll', this.#away, true);
    if (newState !== 'open' || !told) return;
    this.#top = word.top;
    addEventListener('scroll', this.#away, true);
    const own = told.getBoundingClientRect();
    const left = Math.max(NEAR, Math.min(word.left, document.documentElement.clientWidth - own.width - NEAR));
    const under = word.bottom + NEAR;
    const top = under + own.height > innerHeight ? Math.max(NEAR, word.top - own.height - NEAR) : under;
    told.style.left = `${left}px`;
    told.style.top = `${top}px`;
  };

  /** It stands in the window, its word on the page. A scroll that ends as it opens moves nothing. */
  readonly #away = (): void => {
    if (Math.abs(this.getBoundingClientRect().top - this.#top) > FAR) this.#popover?.hidePopover();
  };

  get #popover(): HTMLElement | null {
    return this.querySelector<HTMLElement>('[popover]');
  }
}

customElements.define('lorascope-term', TermView);

/** A term by its id, in words of one's own. */
export function term(id: string, words: string): TemplateResult {
  return html`<lorascope-term .term=${id} .words=${words}></lorascope-term>`;
}

/** A sentence with its variables in italics, whose terms explain themselves where they first stand. */
export function explained(sentence: string, known = new Set<string>()): TemplateResult {
  return whole(
    sentence,
    pieces(sentence, known).map((piece) =>
      typeof piece === 'string' ? math(piece) : term(piece.term.id, piece.words),
    ),
  );
}
