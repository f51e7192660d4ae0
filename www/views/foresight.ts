/** The plan's look ahead: below the threshold a generic direction makes no intruder, whatever will be computed. */
import { html, nothing, type TemplateResult } from 'lit';
import { below, type Foresight } from '../state/foresight';
import { count, counted } from '../text/format';
import { math } from '../text/math';
import type { Context } from './view';

export function foresight({ state, app }: Context): TemplateResult {
  const { foresight: found } = state;
  if (!found)
    return html`<p><button class="btn" data-testid="foresee" @click=${() => app.foreseeing.start()}>Check the threshold</button></p>
      <p class="small quiet">From the singular values of <i class="v">W</i>₀ and the size of each change alone; no vectors are compared.</p>`;
  if (found.status === 'running')
    return html`<p class="foresee"><progress max=${found.total} value=${found.done} aria-label="Matrices checked"></progress>
      <span class="quiet" data-testid="foreseeing">${count(found.done)} of ${counted(found.total, 'matrix', 'matrices')}</span>
      <button class="btn plain" data-testid="stop-foreseeing" @click=${() => app.foreseeing.stop()}>Cancel</button></p>`;
  const again =
    found.k === state.settings.k
      ? nothing
      : html` <button class="link" @click=${() => app.foreseeing.start()}>Check again</button>`;
  return html`<ul role="status" data-testid="foreseen">
      ${state.head?.models.map(({ label }, model) => html`<li data-testid="foreseen-model"><b>${label}</b>: ${said(found, model)}</li>`)}
    </ul>
    <p class="small quiet">${math(`k = ${found.k}.`)}${again} A yardstick, necessary and not sufficient: above it a change may make intruders, and where it leans on directions of <i class="v">W</i>₀ it may make none.${found.failed > 0 ? ` ${counted(found.failed, 'matrix', 'matrices')} could not be checked: ${found.reason}` : ''}</p>`;
}

function said(found: Foresight, model: number): string {
  const [low, all] = below(found, model);
  if (all === 0) return 'no margin is known.';
  if (low === 0) return `below the threshold in none of ${counted(all, 'matrix', 'matrices')}.`;
  return `below the threshold in ${count(low)} of ${counted(all, 'matrix', 'matrices')}: generic directions make no intruders there.`;
}
