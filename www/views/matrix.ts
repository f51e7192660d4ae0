/** One matrix: a map of every model to choose from, the chosen one large, the numbers. */
import { html, nothing, type TemplateResult } from 'lit';
import { counted, estimate, fixed, interval, undecided } from '../format';
import { type Interval, resultsOf, weakest, windowOf } from '../intervals';
import { math } from '../math';
import type { Matrix, MatrixCell, MatrixRow, ModelSummary } from '../wasm/simd/lorascope';
import { deeperHere } from './deeper';
import { figure, specOf } from './figures';
import { storeNotice } from './kept';
import { bestMatches } from './matches';
import { modelName } from './model';
import { remarks } from './remarks';
import { row } from './row';
import { View } from './view';

class MatrixView extends View {
  protected override render(): TemplateResult | typeof nothing {
    const { state, report } = this.ctx;
    const models = report?.models(state.settings) ?? [];
    const matrix = report?.matrices(state.settings).find((m) => m.name === state.open);
    if (!matrix) return nothing;
    const chosen = choose(matrix, state.model);
    const results = resultsOf(state, matrix.name);
    const { side, k, epsilon } = state.settings;
    return html`<div class="wrap">
      ${storeNotice(this.ctx)} ${deeperHere(this.ctx)}
      <section class="quad">
        <div class="quadhead">
          <h2>One matrix, ${counted(models.length, 'fine-tune')}</h2>
          <p class="quiet">Rows: pre-trained vectors. Columns: fine-tuned vectors, strongest first. Select one to study it below.</p>
        </div>
        <div class="quads">${models.map((model, at) => this.#choice(matrix, model, at, at === chosen))}</div>
      </section>
      ${this.#large(matrix, models, chosen, results[chosen])}
      ${bestMatches(windowOf(results[chosen], side, k), epsilon, models[chosen]?.label ?? '')}
      ${row({ title: 'Numbers', kind: 'nums', body: this.#numbers(matrix, models, chosen, results) })}
    </div>`;
  }

  #choice(matrix: MatrixRow, model: ModelSummary, at: number, on: boolean): TemplateResult {
    const { state, store } = this.ctx;
    const cell = matrix.cells[at];
    const spec = { ...specOf(state, 'similarity'), matrix: matrix.name, model: at, thumbnail: true, focus: undefined };
    return html`<button class="qd" aria-pressed=${on} @click=${() => store.update((s) => ({ ...s, model: at }))}>
      <span class="ttl">${math(model.label)}</span>
      <span class="small ${cell?.status === 'failed' ? 'error' : 'faint'}">${said(cell, state.settings.k)}</span>
      ${drawable(cell) ? figure(this.ctx, spec) : html`<span class="blank"></span>`}
    </button>`;
  }

  #large(matrix: MatrixRow, models: readonly ModelSummary[], chosen: number, result: Matrix | undefined): TemplateResult {
    const { state, store } = this.ctx;
    const cell = matrix.cells[chosen];
    const label = models[chosen]?.label ?? '';
    const spec = { ...specOf(state, 'similarity'), matrix: matrix.name, model: chosen };
    const top = (event: Event) => store.update((s) => ({ ...s, top: (event.currentTarget as HTMLInputElement).valueAsNumber }));
    return html`<section class="row large" data-testid="figure" data-figure="similarity">
      <div class="cap">
        <span class="figno">Figure 1</span>
        <h2>Similarity, ${math(label)}</h2>
        ${cell?.status === 'analyzed' ? html`<p class="find">${math(`${capital(said(cell, state.settings.k))} at ε = ${state.settings.epsilon.toFixed(2)}.`)}</p>` : nothing}
        ${remarks(result, state.settings)}
        <p>A dark cell: the fine-tuned vector is that pre-trained vector. A blank column: it is none of them.</p>
        <p class="ctl">
          <label for="top">Vectors shown</label>
          <input id="top" type="range" min="10" max="32" .value=${String(state.top)} data-testid="top-slider" @input=${top} />
          <output for="top">${state.top}</output>
        </p>
      </div>
      <div class="body">
        ${drawable(cell) ? figure(this.ctx, spec) : html`<p class=${cell?.status === 'failed' ? 'error' : 'quiet'}>${said(cell, state.settings.k)}</p>`}
      </div>
    </section>`;
  }

  #numbers(matrix: MatrixRow, models: readonly ModelSummary[], chosen: number, results: readonly (Matrix | undefined)[]): TemplateResult {
    const { side, k } = this.ctx.state.settings;
    return html`<div class="tbl-scroll"><table class="nums">
      <thead><tr>
        <th>Model</th><th class="num">Intruders</th><th class="num">Weakest match</th><th class="num">Effective rank of Δ<i class="v">W</i></th>
        <th class="num">Stable rank of Δ<i class="v">W</i></th><th class="num">Norm of Δ<i class="v">W</i></th>
        <th class="num"><i class="v">σ</i><sub>1</sub> before</th><th class="num"><i class="v">σ</i><sub>1</sub> after</th>
      </tr></thead>
      <tbody>${models.map((model, at) => numbers(model, matrix.cells[at], results[at], weakest(windowOf(results[at], side, k)), at === chosen))}</tbody>
    </table></div>`;
  }
}

/** The reader's model where it has this matrix, else the first that has. */
function choose(matrix: MatrixRow, model: number): number {
  if (matrix.cells[model]) return model;
  return Math.max(0, matrix.cells.findIndex((cell) => cell != null));
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

function numbers(model: ModelSummary, cell: MatrixCell | null | undefined, result: Matrix | undefined, match: Interval | undefined, on: boolean): TemplateResult {
  return html`<tr class=${on ? 'on' : ''}>
    <td class="nowrap">${modelName(model)}</td>
    <td class="num" data-l="Intruders"><span>${cell?.intruders == null ? fixed(undefined, 0) : undecided(cell.intruders, cell.undecided)}</span></td>
    <td class="num" data-l="Weakest match"><span>${interval(match, 2)}</span></td>
    <td class="num" data-l="Effective rank"><span>${result?.delta?.effectiveRankError == null ? fixed(cell?.effectiveRank, 1) : estimate(cell?.effectiveRank, result.delta.effectiveRankError)}</span></td>
    <td class="num" data-l="Stable rank"><span>${fixed(cell?.stableRank, 1)}</span></td>
    <td class="num" data-l="Norm of ΔW"><span>${fixed(cell?.frobenius, 2)}</span></td>
    <td class="num" data-l="σ1 before"><span>${fixed(cell?.sigma1Base, 2)}</span></td>
    <td class="num" data-l="σ1 after"><span>${fixed(cell?.sigma1Tuned, 2)}</span></td>
  </tr>`;
}

customElements.define('lorascope-matrix', MatrixView);
