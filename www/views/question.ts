/** A question of the plan: its options as radio buttons, and a number of one's own where that makes sense. */
import { html, nothing, type TemplateResult } from 'lit';
import { math } from '../text/math';
import type { Question } from '../wasm/simd/lorascope';

export function question(q: Question, answer: (value: string) => void): TemplateResult {
  const own = q.number && !q.options.some((option) => option.value === q.value);
  return html`<fieldset class="q" data-question=${q.id}>
    <legend><b>${math(q.title)}</b> ${math(q.detail)}</legend>
    ${q.options.map(
      (option) => html`<label>
        <input type="radio" name=${q.id} .value=${option.value} .checked=${option.value === q.value} @change=${() => answer(option.value)} />
        <span>${math(option.label)} ${option.note ? html`<span class="faint">${option.note}</span>` : nothing}</span>
      </label>`,
    )}
    ${q.number ? anotherValue(q, own, answer) : nothing}
  </fieldset>`;
}

/** Choosing the button alone answers nothing yet: the number does. */
function anotherValue(q: Question, chosen: boolean, answer: (value: string) => void): TemplateResult {
  const typed = (event: Event) => {
    const field = event.currentTarget as HTMLInputElement;
    if (field.valueAsNumber > 0) answer(String(field.valueAsNumber));
  };
  const focus = (event: Event) =>
    (event.currentTarget as HTMLElement).closest('div')?.querySelector<HTMLElement>('input[type=number]')?.focus();
  return html`<div class="own">
    <label><input type="radio" name=${q.id} .checked=${chosen} @change=${focus} /><span>Another value</span></label>
    <input type="number" min="0" step="any" aria-label="Another value" .value=${chosen ? q.value : ''} @change=${typed} />
  </div>`;
}
