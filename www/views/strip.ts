/** A strip plot: best matches of one matrix's first k vectors, between 0 and 1, with ε. Bounds are a dot (lower), a stem and a cap (upper). */
import { html, svg, type SVGTemplateResult, type TemplateResult } from 'lit';
import { interval } from '../text/format';
import type { Interval } from '../wasm/simd/lorascope';

const WIDTH = 132;
const HEIGHT = 20;
const INSET = 4;
const MIDDLE = HEIGHT / 2 + 0.5;
const CAP = 3;
/** Narrower than this an interval is a dot on the screen. */
const VISIBLE = 0.005;

export function strip(best: readonly Interval[], epsilon: number, color: string): TemplateResult {
  const below = best.filter(([, high]) => high < epsilon);
  const others = best.filter(([, high]) => high >= epsilon);
  const label = `best matches of the top ${best.length}: ${best.map((one) => interval(one, 2)).join(', ')}`;
  return html`<svg class="strip" width=${WIDTH} height=${HEIGHT} viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label=${label}>
    <path class="axis" d="M${INSET} ${MIDDLE}H${WIDTH - INSET}"></path>
    <path class="threshold" d="M${x(epsilon)} 3v15"></path>
    ${others.map((one) => mark(one, 'match', 2.5))}
    <g class="c-${color}">${below.map((one) => mark(one, 'intruder', 3.5))}</g>
  </svg>`;
}

function mark([low, high]: Interval, kind: string, radius: number): SVGTemplateResult {
  if (high - low < VISIBLE) return svg`<circle class=${kind} cx=${x(low)} cy=${MIDDLE} r=${radius}></circle>`;
  return svg`<g class="between ${kind}"><path d="M${x(low) + radius} ${MIDDLE}H${x(high)}M${x(high)} ${MIDDLE - CAP}v${2 * CAP}"></path><circle cx=${x(low)} cy=${MIDDLE} r=${radius}></circle></g>`;
}

function x(cosine: number): number {
  return INSET + cosine * (WIDTH - 2 * INSET);
}
