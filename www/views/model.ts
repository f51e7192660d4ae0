/** How a model is shown in every table: its line, as in the figures, and its label. */
import { html, type TemplateResult } from 'lit';
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

export function kindName(method: string, rank: number | null | undefined): TemplateResult {
  return html`${method}${rank == null ? '' : math(`, r = ${rank}`)}`;
}
