/** The piece of a model's line in a table that shows it alone: while the pointer is on it, and after a click until the next. */
import { html, type TemplateResult } from 'lit';
import type { ModelSummary } from '../wasm/simd/lorascope';
import { swatch } from './model';
import type { Context } from './view';

export function alone({ state, store }: Context, model: ModelSummary, at: number): TemplateResult {
  const on = state.alone === at;
  const words = on ? `Show all models again` : `Show ${model.label} alone in the figures`;
  return html`<button class="alone" data-testid="alone" aria-pressed=${on} aria-label=${words} title=${words}
    @click=${() => store.update((s) => ({ ...s, alone: on ? undefined : at }))}
    @pointerenter=${() => store.point({ alone: at })} @pointerleave=${() => store.point(undefined)}>${swatch(model)}</button>`;
}
