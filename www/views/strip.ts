/** The best matches of one matrix's first k vectors, as dots between 0 and 1, with ε. */
import { html, svg, type TemplateResult } from 'lit';

const WIDTH = 132;
const HEIGHT = 20;
const INSET = 4;

export function strip(best: readonly number[], epsilon: number, color: string): TemplateResult {
  const x = (cosine: number) => INSET + cosine * (WIDTH - 2 * INSET);
  const y = HEIGHT / 2 + 0.5;
  const below = best.filter((cosine) => cosine < epsilon);
  const others = best.filter((cosine) => cosine >= epsilon);
  const label = `best matches of the top ${best.length}: ${best.map((cosine) => cosine.toFixed(2)).join(', ')}`;
  return html`<svg class="strip" width=${WIDTH} height=${HEIGHT} viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label=${label}>
    <path class="axis" d="M${INSET} ${y}H${WIDTH - INSET}"></path>
    <path class="threshold" d="M${x(epsilon)} 3v15"></path>
    ${others.map((cosine) => svg`<circle class="match" cx=${x(cosine)} cy=${y} r="2.5"></circle>`)}
    <g class="c-${color}">${below.map((cosine) => svg`<circle class="intruder" cx=${x(cosine)} cy=${y} r="3.5"></circle>`)}</g>
  </svg>`;
}
