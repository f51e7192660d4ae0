/** The progress of a run: count, time left, and one segment per matrix along the page's head, where it moves nothing. */
import { html, svg, type SVGTemplateResult, type TemplateResult } from 'lit';
import { remaining } from '../state/cost';
import { count, duration } from '../text/format';
import { placeName } from '../text/names';
import { finished, finishedCount } from '../state/run';
import type { State } from '../state/state';
import type { PlanMatrix } from '../wasm/simd/lorascope';

/** Above this many matrices a segment is thinner than its gap, and a bar says enough. */
const MOST_SEGMENTS = 600;
/** The gap to the next segment, and that before another layer, as parts of a segment's width. */
const GAP = 0.2;
const LAYER_GAP = 0.6;

/** The run's present work, in words. */
export function now(state: State): string {
  const { plan, run, earlier } = state;
  const elapsed = run.before + run.seconds;
  const left = plan && remaining(plan, run, earlier);
  const first = plan?.matrices[Math.min(...run.current)];
  const doing = first ? `Now: ${placeName(first)}. ` : '';
  const time = `${duration(elapsed)} so far${left === undefined ? '' : `, about ${duration(left)} left`}`;
  return `${doing}${time}. Cancel keeps what is done.${fetched(state)}`;
}

/** The number of matrices that did not have to be computed, in words; empty for none. */
export function fetched({ earlier, plan }: State): string {
  return earlier.size > 0 ? ` ${count(earlier.size)} of ${count(plan?.matrices.length ?? 0)} from earlier.` : '';
}

/** The line under the page's head. */
export function bar(state: State): TemplateResult {
  const plan = state.plan?.matrices ?? [];
  const total = plan.length;
  const done = finishedCount(state);
  return html`<div class="progress" data-testid="progress" role="progressbar" aria-label="Matrices done" aria-valuemin="0" aria-valuemax=${total} aria-valuenow=${done} aria-valuetext="${count(done)} of ${count(total)} matrices">
    ${total <= MOST_SEGMENTS ? segments(plan, state) : line(total > 0 ? done / total : 0)}
  </div>`;
}

function line(share: number): TemplateResult {
  return drawn(1, svg`<rect class="done" width=${share} height="1"></rect>`);
}

function segments(plan: readonly PlanMatrix[], state: State): TemplateResult {
  const all = plan.map((matrix, at) => {
    const ends = matrix.layer !== plan[at + 1]?.layer;
    const kind = finished(state, at) ? 'done' : state.run.current.has(at) ? 'now' : 'todo';
    return svg`<rect class=${kind} x=${at} width=${1 - (ends ? LAYER_GAP : GAP)} height="1"></rect>`;
  });
  return drawn(plan.length, all);
}

function drawn(width: number, inside: SVGTemplateResult | SVGTemplateResult[]): TemplateResult {
  return html`<svg width="100%" height="6" viewBox="0 0 ${width} 1" preserveAspectRatio="none" aria-hidden="true">${inside}</svg>`;
}
