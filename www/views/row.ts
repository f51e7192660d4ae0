/** One row of the page: the words at the left, the figure or the table at the right. */
import { html, nothing, type TemplateResult } from 'lit';

export interface Row {
  title: string;
  /** "Figure 1"; empty for rows without a number. */
  number?: string;
  /** The sentence that says what is found, from the data. */
  finding?: TemplateResult | string;
  /** Keeps the room of the sentence while there is none. */
  room?: boolean;
  /** A note on how to read the figure. */
  note?: TemplateResult | string;
  /** Extra class names. */
  kind?: string;
  body: TemplateResult;
}

export function row({ title, number, finding, note, kind, body }: Row): TemplateResult {
  return html`<section class="row ${kind ?? ''}">${words({ title, number, finding, note })}<div class="body">${body}</div></section>`;
}

/** The words alone, for rows that need attributes of their own. */
export function words(
  row: { [key in 'title' | 'number' | 'finding' | 'room' | 'note']?: Row[key] | undefined },
  more?: TemplateResult,
): TemplateResult {
  return html`<div class="cap">
    ${row.number ? html`<span class="figno">${row.number}</span>` : nothing}
    <h2>${row.title}</h2>
    ${row.finding ? html`<p class="find ${row.room ? 'room' : ''}">${row.finding}</p>` : nothing}
    ${row.note ? html`<p>${row.note}</p>` : nothing} ${more ?? nothing}
  </div>`;
}
