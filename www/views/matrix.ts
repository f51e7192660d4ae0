/** One matrix: a map of every model to choose from, the chosen one large, the numbers. */
import { html, nothing, type TemplateResult } from 'lit';
import { count, counted, estimate, fixed, interval, percent, undecided } from '../format';
import { type Interval, resultsOf, weakest, windowOf } from '../intervals';
import { math } from '../math';
import type { Result } from '../result';
import * as change from '../state';
import type { Cell, FigureId, MatrixCell, MatrixRow, ModelSummary } from '../wasm/simd/lorascope';
import { deeperHere } from './deeper';
import type { Spec } from './figure';
import { dataTable, figure, menu, specOf } from './figure-frame';
import { evolutionControls, mapControls, vectorControls } from './matrix-controls';
import { storeNotice } from './kept';
import { bestMatches } from './matches';
import { others, shown } from './many';
import { modelName } from './model';
import { remarks } from './remarks';
import { row } from './row';
import { View } from './view';

class MatrixView extends View {
  protected override render(): TemplateResult | typeof nothing {
    const { state, report } = this.ctx;
    const models = report?.models(state.settings) ?? [];
    const matrix = report?.matrix(state.settings, state.open ?? '');
    if (!matrix) return nothing;
    const chosen = choose(matrix, state.model);
    const results = resultsOf(state, matrix.name);
    const { epsilon } = state.settings;
    const places = shown(this.ctx, models.length, chosen);
    return html`<div class="wrap">
      ${storeNotice(this.ctx)} ${deeperHere(this.ctx)}
      <section class="quad">
        <div class="quadhead">
          <h2>One matrix, ${counted(models.length, 'fine-tune')}</h2>
          <p class="quiet">Rows: pre-trained vectors. Columns: fine-tuned vectors, strongest first. Select one to study it below.</p>
        </div>
        <div class="quads">${places.map((at) => this.#choice(matrix, models[at]!, at, at === chosen))}</div>
        ${others(this.ctx, models.length, places)}
      </section>
      ${this.#figures(matrix, models, chosen, results[chosen])}
      ${bestMatches(windowOf(results[chosen], state.settings), epsilon, models[chosen]?.label ?? '')}
      ${row({ title: 'Numbers', kind: 'nums', body: this.#numbers(matrix, models, chosen, results) })}
    </div>`;
  }

  #choice(matrix: MatrixRow, model: ModelSummary, at: number, on: boolean): TemplateResult {
    const { state, store } = this.ctx;
    const cell = matrix.cells[at];
    const spec = {
      ...specOf(state, 'similarity'),
      matrix: matrix.name,
      model: at,
      thumbnail: true,
      focus: undefined,
      top: 32,
      origin: { i: 0, j: 0 },
    };
    return html`<button class="qd" aria-pressed=${on} @click=${() => store.update((s) => ({ ...s, model: at, vector: undefined }))}>
      <span class="ttl">${math(model.label)}</span>
      <span class="small ${cell?.status === 'failed' ? 'error' : 'faint'}">${said(cell, state.settings.k)}</span>
      ${drawable(cell) ? figure(this.ctx, spec) : html`<span class="blank"></span>`}
    </button>`;
  }

  /** The figures of the chosen model: what is new at the left, how strong it is at the right, then one vector and its history. */
  #figures(
    matrix: MatrixRow,
    models: readonly ModelSummary[],
    chosen: number,
    result: Result | undefined,
  ): TemplateResult {
    const { state } = this.ctx;
    const cell = matrix.cells[chosen];
    if (!drawable(cell)) {
      return html`<section class="row"><p class=${cell?.status === 'failed' ? 'error' : 'quiet'}>${said(cell, state.settings.k)}</p></section>`;
    }
    const label = models[chosen]?.label ?? '';
    const size = Math.min(matrix.rows, matrix.cols);
    const of = (id: FigureId): Spec => ({ ...specOf(state, id), matrix: matrix.name, model: chosen });
    const series = state.head?.models[chosen]?.run != null;
    return html`<div class="pairs">
      ${this.#framed(1, of('similarity'), html`Similarity, ${math(label)}`, html`${this.#told(cell, result)} ${mapControls(this.ctx, matrix, chosen)}`)}
      <div>
        ${this.#framed(2, of('spectrum'), 'Singular values')}
        ${this.#framed(3, of('sigma-vs-cosine'), 'Singular value against best match')}
      </div>
      ${this.#framed(4, of('vector'), html`One vector against all ${count(size)}`, vectorControls(this.ctx, matrix, chosen))}
      ${series ? this.#framed(5, of('evolution'), 'Over training', evolutionControls(this.ctx, chosen)) : nothing}
    </div>`;
  }

  #framed(number: number, spec: Spec, title: TemplateResult | string, more?: TemplateResult): TemplateResult {
    const look =
      spec.figure === 'similarity'
        ? (top: number, origin: Cell) => this.ctx.store.update((s) => change.look(s, top, origin))
        : undefined;
    return html`<section class="framed" id=${spec.figure} data-testid="figure" data-figure=${spec.figure}>
      <div class="figbar"><span class="figno">Figure ${number}</span><h2>${title}</h2>${menu(this.ctx, spec.figure)}</div>
      ${figure(this.ctx, spec, look)} ${more ?? nothing} ${dataTable(this.ctx, spec)}
    </section>`;
  }

  #told(cell: MatrixCell | null | undefined, result: Result | undefined): TemplateResult {
    const { settings } = this.ctx.state;
    return html`<div class="told">
      ${cell?.status === 'analyzed' ? html`<p class="find">${math(`${capital(said(cell, settings.k))} at ε = ${settings.epsilon.toFixed(2)}.`)}</p>` : nothing}
      ${remarks(result, settings)}
      <p class="quiet">A strong cell: the fine-tuned vector is that pre-trained vector. A blank column: it is none of them.</p>
    </div>`;
  }

  #numbers(
    matrix: MatrixRow,
    models: readonly ModelSummary[],
    chosen: number,
    results: readonly (Result | undefined)[],
  ): TemplateResult {
    const { settings } = this.ctx.state;
    const places = shown(this.ctx, models.length, chosen);
    return html`<div class="tbl-scroll"><table class="nums">
      <thead><tr>
        <th>Model</th><th class="num">Intruders</th><th class="num">Weakest match</th><th class="num">Effective rank of Δ<i class="v">W</i></th>
        <th class="num">Stable rank of Δ<i class="v">W</i></th><th class="num">Norm of Δ<i class="v">W</i></th>
        <th class="num"><i class="v">σ</i><sub>1</sub> before</th><th class="num"><i class="v">σ</i><sub>1</sub> after</th>
        <th class="num" title="The largest singular value of the change against that of the base"><i class="v">σ</i><sub>1</sub>(Δ<i class="v">W</i>) / <i class="v">σ</i><sub>1</sub>(<i class="v">W</i>₀)</th>
        <th class="num" title="The intruders’ part of the sum of all squared singular values of W">Energy of intruders</th>
        <th class="num" title="Between an intruder and the span of nearly tied pre-trained vectors">Angle to tied span</th>
      </tr></thead>
      <tbody>${places.map((at) => numbers(models[at]!, matrix.cells[at], results[at], weakest(windowOf(results[at], settings)), at === chosen))}</tbody>
    </table></div>${others(this.ctx, models.length, places)}`;
  }
}

/** The reader's model where it has this matrix, else the first that has. */
function choose(matrix: MatrixRow, model: number): number {
  if (matrix.cells[model]) return model;
  return Math.max(
    0,
    matrix.cells.findIndex((cell) => cell != null),
  );
}

function drawable(cell: MatrixCell | null | undefined): boolean {
  return cell?.status === 'analyzed' || cell?.status === 'unchanged';
}

function said(cell: MatrixCell | null | undefined, k: number): string {
  if (!cell) return 'not computed';
  if (cell.status !== 'analyzed') return cell.reason ? `${cell.status}: ${cell.reason}` : cell.status;
  const counts = cell.intruders ? counted(cell.intruders, 'intruder') : 'no intruder';
  return `${counts}${cell.undecided > 0 ? ` + ${cell.undecided} undecided` : ''} in the top ${k}`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function numbers(
  model: ModelSummary,
  cell: MatrixCell | null | undefined,
  result: Result | undefined,
  match: Interval | undefined,
  on: boolean,
): TemplateResult {
  return html`<tr class=${on ? 'on' : ''}>
    <td class="nowrap">${modelName(model)}</td>
    <td class="num" data-l="Intruders"><span>${cell?.intruders == null ? fixed(undefined, 0) : undecided(cell.intruders, cell.undecided)}</span></td>
    <td class="num" data-l="Weakest match"><span>${interval(match, 2)}</span></td>
    <td class="num" data-l="Effective rank"><span>${result?.delta?.effectiveRankError == null ? fixed(cell?.effectiveRank, 1) : estimate(cell?.effectiveRank, result.delta.effectiveRankError)}</span></td>
    <td class="num" data-l="Stable rank"><span>${fixed(cell?.stableRank, 1)}</span></td>
    <td class="num" data-l="Norm of ΔW"><span>${fixed(cell?.frobenius, 2)}</span></td>
    <td class="num" data-l="σ1 before"><span>${fixed(cell?.sigma1Base, 2)}</span></td>
    <td class="num" data-l="σ1 after"><span>${fixed(cell?.sigma1Tuned, 2)}</span></td>
    <td class="num" data-l="σ1 of ΔW / σ1 of W0"><span>${fixed(cell?.changeRatio, 3)}</span></td>
    <td class="num" data-l="Energy of intruders"><span>${percent(cell?.intruderEnergy)}</span></td>
    <td class="num" data-l="Angle to tied span"><span>${cell?.tiedAngle == null ? fixed(undefined, 0) : `${fixed(cell.tiedAngle, 0)}°`}</span></td>
  </tr>`;
}

customElements.define('lorascope-matrix', MatrixView);
