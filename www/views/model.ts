/** A model's name with its line, as in the figures. */
import { html, nothing, type TemplateResult } from 'lit';
import { math } from '../text/math';
import { breakable } from '../text/names';
import type { Model, ModelSummary } from '../wasm/simd/lorascope';

/** What of a model its line shows. */
type Look = Partial<Pick<ModelSummary, 'color' | 'dash' | 'shade'>>;

type Shown = Look & { label: string };

export function modelName(shown: Shown): TemplateResult {
  return html`${swatch(shown)}<b>${nameText(shown.label)}</b>`;
}

/** A name as it is printed. */
export function nameText(label: string): TemplateResult | string {
  return html`${/ = /.test(label) ? math(label) : breakable(label)}`;
}

/** A model by the reader's own name, as `name` prints it, and below it what the figures call it. */
export function ownName(
  shown: Shown,
  own: Pick<Model, 'label' | 'alpha'> | undefined,
  name: TemplateResult,
  line = swatch(shown),
): TemplateResult {
  if (!own?.label) return html`${line}<b>${nameText(shown.label)}</b>`;
  const alpha = own.alpha == null ? '' : `α = ${own.alpha}`;
  const called = [own.label === shown.label ? '' : shown.label, alpha].filter(Boolean).join(', ');
  return html`${line}${name}${called ? html`<div class="small quiet">${math(called)}</div>` : nothing}`;
}

/** A piece of a model's line; its shade in tenths, since the page's policy allows no style in a text. */
export function swatch({ color = 'base', dash = 'solid', shade = 1 }: Look = {}): TemplateResult {
  return html`<span class="sw c-${color} ${dash} shade-${Math.round(10 * shade)}"></span>`;
}

export function kindName(method: string, rank: number | null | undefined): TemplateResult {
  return html`${method}${rank == null ? '' : math(`, r = ${rank}`)}`;
}
