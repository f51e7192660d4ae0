/** Stored results in one line, with the way to empty the store; and the notice when nothing is stored. */
import { html, nothing, type TemplateResult } from 'lit';
import { bytes, counted } from '../text/format';
import { storeWanted } from '../engine/results-store';
import type { Context } from './view';

export function keptLine({ state, app }: Context): TemplateResult {
  const { kept } = state;
  if (!kept && (state.storeNotice || !storeWanted(location.search)))
    return html`Nothing: a reload computes everything again.`;
  if (!kept?.results)
    return html`Finished matrices, in this browser only, so that a reload goes on where it stopped. Nothing stored yet.`;
  return html`${counted(kept.results, 'finished result')}, ${bytes(kept.bytes)}, in this browser only.
    <button class="link" data-testid="clear-store" @click=${() => app.keeping.clear()}>Clear stored results</button>`;
}

/** Said once, however many results could not be kept. */
export function storeNotice({ state }: Context): TemplateResult | typeof nothing {
  if (!state.storeNotice) return nothing;
  return html`<div class="err mild notice" data-testid="store-notice">
    <div class="errhead"><h3>Results are not kept</h3><span class="sev">The run goes on</span></div>
    <p class="cause">${state.storeNotice} A reload of the page computes again what was not kept.</p>
    ${state.kept && state.kept.results > 0 ? html`<p class="fix"><b>Fix.</b> Save the report, or clear stored results on the plan.</p>` : nothing}
  </div>`;
}
