/** The dials of single figures of one matrix: the window of the map, the vector studied, the step of a series. */
import { html, nothing, type TemplateResult } from 'lit';
import { checkpoints, placeOf } from '../state/checkpoints';
import { CORNER } from '../contract';
import { count, counted, duration } from '../text/format';
import * as change from '../state/state';
import type { MatrixRow } from '../wasm/simd/lorascope';
import type { Context } from './view';

/** The map's window: the number of vectors, the first of them, and the way to all. */
export function mapControls(ctx: Context, matrix: MatrixRow, model: number): TemplateResult {
  const { state, store } = ctx;
  const size = Math.min(matrix.rows, matrix.cols);
  const known = knows(ctx, matrix, model) ? size : Math.min(size, CORNER);
  const value = (event: Event) => (event.currentTarget as HTMLInputElement).valueAsNumber;
  // Equal steps of the dial are equal factors: 10 to 4096 on one line.
  const least = Math.min(10, known);
  const place = Math.log(Math.min(state.top, known) / least) / Math.log(known / least || 2) || 0;
  const top = (event: Event) => store.update((s) => change.look(s, least * (known / least) ** value(event)));
  const whole = state.top >= known && state.origin.i === 0 && state.origin.j === 0;
  return html`<p class="ctl dials">
      <label for="top">Vectors shown</label>
      <input id="top" type="range" min="0" max="1" step="0.002" .value=${String(place)} data-testid="top-slider" aria-valuetext=${Math.min(state.top, known)} @input=${top} />
      <output for="top">${count(Math.min(state.top, known))}</output>
      ${whole ? nothing : html`<button class="link" @click=${() => store.update((s) => change.look(s, known, { i: 0, j: 0 }))}>All ${count(known)}</button>`}
    </p>
    ${known < size ? compareAll(ctx, matrix, model, size) : nothing}`;
}

/** The choice of the fine-tuned vector that is compared with all pre-trained ones. */
export function vectorControls(ctx: Context, matrix: MatrixRow, model: number): TemplateResult {
  const { state, store } = ctx;
  const size = Math.min(matrix.rows, matrix.cols);
  const most = Math.min(size, CORNER);
  const chosen = (event: Event) => {
    const j = (event.currentTarget as HTMLInputElement).valueAsNumber;
    store.update((s) => ({ ...s, vector: Number.isFinite(j) ? Math.max(0, Math.min(most, j) - 1) : undefined }));
  };
  return html`<p class="ctl dials">
      <label for="vector">Fine-tuned vector <i class="v">j</i></label>
      <input id="vector" type="number" min="1" max=${most} placeholder="first" .value=${state.vector === undefined ? '' : String(state.vector + 1)} data-testid="vector-input" @change=${chosen} />
    </p>
    ${knows(ctx, matrix, model) ? nothing : compareAll(ctx, matrix, model, size)}`;
}

/** The play head of a series. */
export function evolutionControls({ state, store, app }: Context, model: number): TemplateResult {
  const all = checkpoints(state.head?.models ?? [], model);
  const last = all.length - 1;
  const at = placeOf(all, state.until);
  const step = all[at]?.step ?? 0;
  const moved = (event: Event) => {
    const to = (event.currentTarget as HTMLInputElement).valueAsNumber;
    store.update((s) => change.stepTo(s, all, to));
  };
  return html`<p class="ctl dials">
    <button class="btn" data-testid="play" @click=${() => app.play(all)}>Play</button>
    <label for="until">Step</label>
    <input id="until" type="range" min="0" max=${last} step="1" .value=${String(at)} aria-valuetext=${step} @input=${moved} />
    <output for="until">${count(step)}</output>
  </p>`;
}

/** The button that compares every pair, or what became of it. */
function compareAll(
  { state, app }: Context,
  matrix: MatrixRow,
  model: number,
  size: number,
): TemplateResult | typeof nothing {
  const asked = state.vectors?.matrix === matrix.name && state.vectors.model === model ? state.vectors : undefined;
  if (asked?.status === 'computing')
    return html`<p class="small faint" role="status">Comparing all ${counted(size * size, 'pair')} of vectors …</p>`;
  if (asked?.status === 'failed') return html`<p class="small error">${asked.reason}</p>`;
  if (state.stored)
    return html`<p class="small faint">The report holds the leading vectors only; the whole map needs the checkpoints.</p>`;
  // Two decompositions in double precision, about 5 n³ each at some 10 GFLOP/s.
  const seconds = (10 * size ** 3) / 1e10;
  return html`<p class="small"><button class="link" data-testid="compute-vectors" @click=${() => app.vectors(matrix.name, model)}>
    Compare all ${count(size)} × ${count(size)}</button> <span class="faint">about ${duration(Math.max(0.5, seconds))}</span></p>`;
}

function knows({ state }: Context, matrix: MatrixRow, model: number): boolean {
  const { vectors } = state;
  return vectors?.status === 'known' && vectors.matrix === matrix.name && vectors.model === model;
}
