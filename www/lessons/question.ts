/** "Predict, then reveal": the reader says what will happen, and then sees what did. */
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import type { Facts, Question } from './lesson';

export class QuestionView extends LitElement {
  static override properties = { question: { attribute: false }, facts: { attribute: false }, said: { state: true } };
  declare question: Question;
  declare facts: Facts;
  /** The option that the reader chose. */
  declare said: number | undefined;

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has('question')) this.said = undefined;
  }

  #say(option: number): void {
    this.said = option;
    this.dispatchEvent(new CustomEvent('said'));
  }

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  protected override render(): TemplateResult {
    const { question, facts, said } = this;
    const right = question.right(facts);
    return html`<section class="predict" aria-label="Before you move the dial">
      <h2>Before you move the dial</h2>
      <fieldset><legend class="read">${question.ask}</legend>
        <div class="opts">${question.options.map(
          (option, at) =>
            html`<label class="btn ${at === said ? 'chosen' : ''}"><input type="radio" name="prediction" data-testid="option" .checked=${at === said} @change=${() => this.#say(at)} />${option}</label>`,
        )}</div>
      </fieldset>
      <div aria-live="polite" data-testid="answer">${
        said === undefined
          ? nothing
          : right === undefined
            ? html`<p class="read">The numbers are still being computed.</p>`
            : html`<p class="read"><b>${capital(question.options[right] ?? '')}.</b> ${said === right ? 'You said so.' : `You said ${question.options[said]}.`} ${question.why(facts)}</p>`
      }</div>
    </section>`;
  }
}

function capital(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}

customElements.define('lorascope-question', QuestionView);
