/** A model's name with its line, as in the figures. */
import { html, nothing, type TemplateResult } from 'lit';
import { math } from '../text/math';
import { breakable } from '../text/names';
import type { Model } from '../wasm/simd/lorascope';

interface Shown {
  label: string;
  color?: string;
  dashed?: boolean;
}

export function modelName({ label, color, dashed }: Shown): TemplateResult {
  return html`${swatch(color, dashed)}<b>${nameText(label)}</b>`;
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
): TemplateResult {
  if (!own?.label) return modelName(shown);
  const alpha = own.alpha == null ? '' : `α = ${own.alpha}`;
  const called = [own.label === shown.label ? '' : shown.label, alpha].filter(Boolean).join(', ');
  return html`${swatch(shown.color, shown.dashed)}${name}${called ? html`<div class="small quiet">${math(called)}</div>` : nothing}`;
}

export function swatch(color = 'base', dashed = false): TemplateResult {
  return html`<span class="sw c-${color} ${dashed ? 'dashed' : ''}"></span>`;
}

export function kindName(method: string, rank: number | null | undefined): TemplateResult {
  return html`${method}${rank == null ? '' : math(`, r = ${rank}`)}`;
}
