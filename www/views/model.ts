/** How a model is shown in every table: its line, as in the figures, and its label. */
import { html, type TemplateResult } from 'lit';
import type { Kind } from '../wasm/simd/lorascope';
import { math } from '../math';

interface Shown {
  label: string;
  color?: string;
  dashed?: boolean;
}

export function modelName({ label, color, dashed }: Shown): TemplateResult {
  return html`${swatch(color, dashed)}<b>${math(label)}</b>`;
}

export function swatch(color = 'base', dashed = false): TemplateResult {
  return html`<span class="sw c-${color} ${dashed ? 'dashed' : ''}"></span>`;
}

export function kindName(kind: Kind, rank: number | null | undefined): TemplateResult {
  if (kind === 'full') return html`full`;
  return html`LoRA${rank == null ? '' : math(`, r = ${rank}`)}`;
}
