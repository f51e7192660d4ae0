/** The dial of strength: what would cross the threshold, were alpha another. */
import { html, nothing, type TemplateResult } from 'lit';
import { LEAST, MOST, ofPower, POWERS, said, timesOf } from '../state/times';
import { math } from '../text/math';
import { exact } from './exact';
import type { Context } from './view';

export function strength({ state, store, report }: Context): TemplateResult {
  const { times, settings } = state;
  const set = (to: number) => store.update((s) => ({ ...s, times: timesOf(to) ?? s.times }));
  const slid = (event: Event) => set(ofPower((event.currentTarget as HTMLInputElement).valueAsNumber));
  return html`<div class="strength">
    <div class="ctl">
      <label for="times">Strength <i class="v">α</i> ×</label>
      <input id="times" type="range" min=${-POWERS} max=${POWERS} step="0.01" .value=${String(Math.log10(times))} aria-valuetext=${`α × ${said(times)}`} data-testid="times-slider" @input=${slid} />
      ${exact({
        id: 'times-exact',
        label: `Factor of α, ${LEAST} to ${MOST}`,
        min: LEAST,
        max: MOST,
        step: LEAST,
        said: said(times),
        set,
        now: () => said(store.state.times),
      })}
      ${times === 1 ? nothing : html`<button class="link" data-testid="as-trained" @click=${() => set(1)}>As trained</button>`}
    </div>
    <p class="small quiet" role="status" data-testid="crossing">${math(report?.crossing(settings, times) ?? '')}</p>
  </div>`;
}
