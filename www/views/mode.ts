/** The choice of how the numbers are computed. */
import { html, type TemplateResult } from 'lit';
import { MODES } from '../state/modes';
import { setMode } from '../state/state';
import type { Context } from './view';

export function modeChoice({ state, store }: Context): TemplateResult {
  return html`<fieldset class="q" data-testid="mode" aria-label="How to compute">
    ${MODES.map(
      ({ mode, name, note }) => html`<label>
        <input type="radio" name="mode" .value=${mode} .checked=${mode === state.settings.mode} @change=${() => store.update((s) => setMode(s, mode))} />
        <span>${name} <span class="faint">${note}</span></span>
      </label>`,
    )}
  </fieldset>`;
}
