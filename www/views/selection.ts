/** The selection of matrices: a switch for every type, and a pattern for names. */
import { html, nothing, type TemplateResult } from 'lit';
import { count } from '../text/format';
import type { Plan } from '../wasm/simd/lorascope';

export function selection(plan: Plan, answer: (id: string, value: string) => void): TemplateResult {
  const on = plan.types.filter((t) => t.on).map((t) => t.type);
  const turn = (type: string, event: Event) => {
    const checked = (event.currentTarget as HTMLInputElement).checked;
    answer('types', (checked ? [...on, type] : on.filter((t) => t !== type)).join(','));
  };
  const typed = (event: Event) => answer('pattern', (event.currentTarget as HTMLInputElement).value);
  return html`<fieldset class="types" data-question="types">
      <legend class="sr">Types of matrices</legend>
      ${plan.types.map(
        (t) =>
          html`<label><input type="checkbox" .checked=${t.on} @change=${(event: Event) => turn(t.type, event)} /><span>${t.label} <span class="faint">${count(t.count)}</span></span></label>`,
      )}
    </fieldset>
    <p class="pattern">
      <label>Names that match <input type="text" class="mono" data-question="pattern" spellcheck="false" placeholder="layers\\.[0-7]\\." .value=${plan.pattern} @change=${typed} /></label>
      <span class="small faint">A regular expression; with ! before it, names that do not match.</span>
    </p>
    ${
      plan.split == null
        ? nothing
        : html`<p><label class="split"><input type="checkbox" data-question="split" .checked=${plan.split} @change=${(event: Event) => answer('split', (event.currentTarget as HTMLInputElement).checked ? 'yes' : 'no')} /><span>Take fused layers apart: query, key and value, gate and up, each a matrix of its own</span></label></p>`
    }
    ${plan.patternFault ? html`<p class="small warn">${plan.patternFault}</p>` : nothing}`;
}
