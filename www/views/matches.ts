/** The list of best matches, one per vector in the window: where only bounds are known, the figure alone does not say them. */
import { html, nothing, type TemplateResult } from 'lit';
import { fixed, interval } from '../text/format';
import { math } from '../text/math';
import type { Interval } from '../wasm/simd/lorascope';
import { row } from './row';

/** Nothing where all are known: the figure and the table say those. */
export function bestMatches(
  best: readonly Interval[],
  epsilon: number,
  label: string,
): TemplateResult | typeof nothing {
  if (best.every(([low, high]) => fixed(low, 2) === fixed(high, 2))) return nothing;
  return row({
    title: 'Best matches',
    note: html`${math(label)}. Each lies within its bounds; where they hold <i class="v">ε</i> between them, the vector is undecided.`,
    kind: 'tight',
    body: html`<div class="tbl-scroll"><table class="bounds" data-testid="best-matches">
      <thead><tr><th class="num"><i class="v">j</i></th><th class="num">Best match</th><th></th></tr></thead>
      <tbody>${best.map(
        (one, j) =>
          html`<tr><td class="num">${j + 1}</td><td class="num">${interval(one, 2)}</td><td class="faint">${verdict(one, epsilon)}</td></tr>`,
      )}</tbody>
    </table></div>`,
  });
}

function verdict([low, high]: Interval, epsilon: number): string {
  if (high < epsilon) return 'intruder';
  return low >= epsilon ? '' : 'undecided';
}
