/** A run under way: the count, the time left, one square per matrix. */
import { html, nothing, svg, type SVGTemplateResult, type TemplateResult } from 'lit';
import { remaining } from '../state/cost';
import { count, duration } from '../text/format';
import { finished, finishedCount } from '../state/run';
import type { State } from '../state/state';
import type { PlanMatrix } from '../wasm/simd/lorascope';
import { words } from './row';
import { View } from './view';

const SQUARE = 18;
const STEP = 22;
const LABEL = 16;
/** Above this many matrices a square a matrix is a wall, and the bar says enough. */
const MOST_SQUARES = 600;

class ProgressView extends View {
  protected override render(): TemplateResult {
    const { state } = this.ctx;
    const plan = state.plan?.matrices ?? [];
    return html`<section class="row first">
      ${words({ title: 'Progress', note: 'One square per matrix. Cancel keeps those that are done.' })}
      <div class="body">${plan.length <= MOST_SQUARES ? groups(plan).map(([layer, members]) => group(layer, members, state)) : nothing}</div>
    </section>`;
  }
}

/** What the run does now, in words. */
export function now(state: State): string {
  const { plan, run, earlier } = state;
  const elapsed = run.before + run.seconds;
  const left = plan && remaining(plan, run, earlier);
  const first = plan?.matrices[Math.min(...run.current)];
  const doing = first ? `Now: ${placeOf(first)}. ` : '';
  return `${doing}${duration(elapsed)} so far${left === undefined ? '' : `, about ${duration(left)} left`}.${fetched(state)}`;
}

/** How many matrices did not have to be computed; empty for none. */
export function fetched({ earlier, plan }: State): string {
  return earlier.size > 0 ? ` ${count(earlier.size)} of ${count(plan?.matrices.length ?? 0)} from earlier.` : '';
}

/** The thin line under the page's head. */
export function bar(state: State): TemplateResult {
  const total = state.plan?.matrices.length ?? 0;
  const done = finishedCount(state);
  return html`<div class="progress" data-testid="progress" role="progressbar" aria-label="Matrices done" aria-valuemin="0" aria-valuemax=${total} aria-valuenow=${done} aria-valuetext="${count(done)} of ${count(total)} matrices">
    <svg width="100%" height="3" viewBox="0 0 100 3" preserveAspectRatio="none" aria-hidden="true"><rect width=${total > 0 ? (100 * done) / total : 0} height="3"></rect></svg>
  </div>`;
}

function placeOf(m: PlanMatrix): string {
  return m.layer == null ? m.typeLabel : `layer ${m.layer}, ${m.typeLabel}`;
}

function groups(plan: readonly PlanMatrix[]): [number | undefined, number[]][] {
  const byLayer = new Map<number | undefined, number[]>();
  plan.forEach((m, at) => {
    const layer = m.layer ?? undefined;
    byLayer.set(layer, [...(byLayer.get(layer) ?? []), at]);
  });
  return [...byLayer];
}

function group(layer: number | undefined, members: readonly number[], state: State): TemplateResult {
  const width = Math.max(members.length * STEP, 44);
  return html`<svg class="progsq" width=${width} height=${LABEL + STEP} aria-hidden="true">
    <text x="0" y="10" class="tick">${layer === undefined ? 'other' : `layer ${layer}`}</text>
    ${members.map((at, i) => square(i, finished(state, at) ? 'done' : state.run.current.has(at) ? 'now' : 'todo'))}
  </svg>`;
}

function square(i: number, kind: 'done' | 'now' | 'todo'): SVGTemplateResult {
  const inset = kind === 'now' ? 1 : 0.5;
  return svg`<rect class=${kind} x=${i * STEP + inset} y=${LABEL + inset} width=${SQUARE - 2 * inset} height=${SQUARE - 2 * inset}></rect>`;
}

customElements.define('lorascope-progress', ProgressView);
