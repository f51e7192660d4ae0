/** A strip plot: best matches of one matrix's first k vectors, between 0 and 1, with ε. Bounds are a dot (lower), a stem and a cap (upper). */
import { html, svg, type SVGTemplateResult, type TemplateResult } from 'lit';
import { interval as words } from '../text/format';
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
  const label = `best matches of the top ${best.length}: ${best.map((one) => words(one, 2)).join(', ')}`;
  return html`<svg class="strip" width=${WIDTH} height=${HEIGHT} viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label=${label}>
    <path class="axis" d="M${INSET} ${MIDDLE}H${WIDTH - INSET}"></path>
    <path class="threshold" d="M${x(epsilon)} 3v15"></path>
    ${marks(others, 'match', 2.5)}
    <g class="c-${color}">${marks(below, 'intruder', 3.5)}</g>
  </svg>`;
}

/** All points as one path of round ends, and the intervals one by one: a table has hundreds of marks, and a slider moves them all. */
function marks(all: readonly Interval[], kind: string, radius: number): SVGTemplateResult {
  const isPoint = ([low, high]: Interval) => high - low < VISIBLE;
  const points = all.filter(isPoint).map(([low]) => `M${x(low).toFixed(1)} ${MIDDLE}h0`);
  const intervals = all.filter((one) => !isPoint(one)).map((one) => interval(one, kind, radius));
  return svg`<path class="points ${kind}" d=${points.join('')}></path>${intervals}`;
}

function interval([low, high]: Interval, kind: string, radius: number): SVGTemplateResult {
  return svg`<g class="between ${kind}"><path d="M${x(low) + radius} ${MIDDLE}H${x(high)}M${x(high)} ${MIDDLE - CAP}v${2 * CAP}"></path><circle cx=${x(low)} cy=${MIDDLE} r=${radius}></circle></g>`;
}

function x(cosine: number): number {
  return INSET + cosine * (WIDTH - 2 * INSET);
}
