/** The notes for teachers: questions to ask, usual mistakes, and a link that leaves out what students should not see yet. */
import { html, LitElement, type TemplateResult } from 'lit';
import type { Dials, Lesson } from './lesson';
import { write } from './link';
import { attributes } from './take-away';
import '../views/copy';

const PARTS: readonly (readonly [id: string, name: string])[] = [
  ['header', 'the head of the site'],
  ['words', 'the text'],
  ['question', 'the question'],
  ['controls', 'all dials'],
  ['menu', 'the menus'],
  ['teachers', 'this part'],
];

export class TeacherView extends LitElement {
  static override properties = {
    lesson: { attribute: false },
    dials: { attribute: false },
    step: { attribute: false },
    hidden_: { state: true },
  };
  declare lesson: Lesson;
  declare dials: Dials;
  /** The step that a lesson which runs has reached. */
  declare step: number | undefined;
  declare hidden_: ReadonlySet<string>;

  constructor() {
    super();
    this.hidden_ = new Set(['teachers']);
  }

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  get #hash(): string {
    return write(this.lesson, {
      dials: this.dials,
      hide: [...this.hidden_],
      theme: undefined,
      step: this.lesson.runs ? this.step : undefined,
    });
  }

  /** The embed snippet: the element with the dials that differ. */
  get #embed(): string {
    const dials = attributes(this.lesson, this.dials)
      .map(([name, value]) => ` ${name}="${value}"`)
      .join('');
    const hide = [...this.hidden_].filter(
      (id) => id === 'controls' || id === 'menu' || this.lesson.dials.some((d) => d.id === id),
    );
    return `<script type="module" src="lorascope-figure.js"></script>\n<lorascope-figure lesson="${this.lesson.id}"${dials}${hide.length > 0 ? ` hide="${hide.join(' ')}"` : ''}></lorascope-figure>`;
  }

  protected override render(): TemplateResult {
    const { lesson } = this;
    const box = (id: string, name: TemplateResult | string) =>
      html`<label class="choice"><input type="checkbox" data-testid="hide-${id}" .checked=${this.hidden_.has(id)} @change=${() => this.#flip(id)} />${name}</label>`;
    return html`<details class="teachers" data-testid="teachers"><summary>For teachers</summary>
      <h3>What to ask, and what goes wrong</h3>
      <ul>${lesson.teachers.map((note) => html`<li>${note}</li>`)}</ul>
      <h3>A link for the class</h3>
      <p>It holds the dials as they stand. Leave out:</p>
      <div class="hides">${PARTS.map(([id, name]) => box(id, name))} ${lesson.dials.map((d) => box(d.id, html`the dial “${d.label}”`))}</div>
      <p class="actions"><lorascope-copy label="Copy the link" kind="btn" data-testid="copy-class-link" .text=${() => new URL(this.#hash, location.href).href}></lorascope-copy>
        <lorascope-copy label="Copy the embed code" kind="btn" .text=${() => this.#embed}></lorascope-copy></p>
      <p class="small quiet mono link-out" data-testid="class-link">${this.#hash}</p>
    </details>`;
  }

  #flip(id: string): void {
    const next = new Set(this.hidden_);
    if (!next.delete(id)) next.add(id);
    this.hidden_ = next;
  }
}

customElements.define('lorascope-teacher', TeacherView);
