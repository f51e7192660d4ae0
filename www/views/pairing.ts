/** Tensors that no rule pairs: the reader may say which matrix of the base each one belongs to. */
import { html, nothing, type TemplateResult } from 'lit';
import { counted } from '../text/format';
import type { PlanModel } from '../wasm/simd/lorascope';

/** More than this is a case for a pattern or another base, not for hands. */
const MOST = 100;

export function pairing(
  model: PlanModel,
  at: number,
  answer: (id: string, value: string) => void,
): TemplateResult | typeof nothing {
  const { unmatched, onlyInBase } = model.matching;
  if (unmatched.length === 0 || onlyInBase.length === 0) return nothing;
  const list = `free-${at}`;
  const chosen = (name: string, event: Event) => {
    const to = (event.currentTarget as HTMLInputElement).value;
    if (onlyInBase.includes(to)) answer(`pair:${model.label}:${name}`, to);
  };
  return html`<details class="names">
    <summary>${counted(unmatched.length, 'matrix', 'matrices')} of it without a counterpart: pair by hand</summary>
    <datalist id=${list}>${onlyInBase.map((name) => html`<option value=${name}></option>`)}</datalist>
    ${unmatched.slice(0, MOST).map(
      (name) => html`<label class="pair"><span class="mono small">${name}</span>
        <input type="text" class="mono small" list=${list} spellcheck="false" placeholder="name in the base" @change=${(event: Event) => chosen(name, event)} /></label>`,
    )}
    ${unmatched.length > MOST ? html`<p class="small faint">and ${unmatched.length - MOST} more</p>` : nothing}
  </details>`;
}
