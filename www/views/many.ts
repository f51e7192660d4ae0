/** Many models in one table: the first of them at once, the others when they are asked for, and all of them on paper. */
import { html, nothing, type TemplateResult } from 'lit';
import { counted } from '../text/format';
import { screen } from '../figure/screen';
import type { Context } from './view';

/** More than a reader compares at a glance, and few enough for a table to follow a slider within a frame. */
export const FIRST = 24;

/** The places of those that are shown: the first ones, and the one that is looked at. */
export function shown({ state }: Context, models: number, chosen?: number): number[] {
  const first = state.allModels || screen().printing ? models : Math.min(FIRST, models);
  const places = Array.from({ length: first }, (_, at) => at);
  return chosen !== undefined && chosen >= first && chosen < models ? [...places, chosen] : places;
}

/** The button that shows the other models, in every table at once. */
export function others({ store }: Context, models: number, places: readonly number[]): TemplateResult | typeof nothing {
  const rest = models - places.length;
  if (rest <= 0) return nothing;
  const all = () => store.update((s) => ({ ...s, allModels: true }));
  return html`<p class="more"><button class="link" data-testid="all-models" @click=${all}>Show the other ${counted(rest, 'fine-tune')}</button></p>`;
}
