/** The page of one matrix: a map of every model to choose from, the chosen one large, the numbers. */
import { html, nothing, type TemplateResult } from 'lit';
import { CORNER } from '../contract';
import { count, counted } from '../text/format';
import { math } from '../text/math';
import * as change from '../state/state';
import type { Cell, MatrixCell, MatrixRow, ModelSummary } from '../wasm/simd/lorascope';
import { chosenIn } from './chosen';
import { deeperHere } from './deeper';
import type { Spec } from '../figure/figure';
import { dataTable, figure, menu, specOf } from './figure-frame';
import { evolutionControls, mapControls, vectorControls } from './matrix-controls';
import { storeNotice } from './kept';
import { bestMatches } from './matches';
import { others, shown } from './many';
import { modelName } from './model';
import { row } from './row';
import { View } from './view';
import { wide } from './wide';

class MatrixView extends View {
  protected override render(): TemplateResult | typeof nothing {
    const { state, report } = this.ctx;
    const models = report?.models(state.settings) ?? [];
    const matrix = report?.matrix(state.settings, state.open ?? '');
    if (!matrix) return nothing;
    const chosen = chosenIn(matrix, state.model);
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
      ${this.#figures(matrix, models, chosen)}
      ${bestMatches(matrix.cells[chosen]?.window ?? [], epsilon, models[chosen]?.label ?? '')}
      ${row({ title: 'Numbers', kind: 'nums', body: this.#numbers(matrix, models, chosen) })}
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
      top: CORNER,
      origin: { i: 0, j: 0 },
    };
    return html`<button class="qd" aria-pressed=${on} @click=${() => store.update((s) => ({ ...s, model: at, vector: undefined }))}>
      <span class="ttl">${math(model.label)}</span>
      <span class="small ${cell?.status === 'failed' ? 'error' : 'faint'}">${said(cell, state.settings.k)}</span>
      ${drawable(cell) ? figure(this.ctx, spec) : html`<span class="blank"></span>`}
    </button>`;
  }

  /** The figures of the chosen model: what is new at the left, how strong it is at the right, then one vector and its history. */
  #figures(matrix: MatrixRow, models: readonly ModelSummary[], chosen: number): TemplateResult {
    const { state, report } = this.ctx;
    const cell = matrix.cells[chosen];
    if (!drawable(cell)) {
      return html`<section class="row"><p class=${cell?.status === 'failed' ? 'error' : 'quiet'}>${said(cell, state.settings.k)}</p></section>`;
    }
    const label = models[chosen]?.label ?? '';
    const size = Math.min(matrix.rows, matrix.cols);
    const series = state.head?.models[chosen]?.run != null;
    const kinds =
      report?.figures.filter(({ about, needs }) => about === 'matrix' && (series || needs !== 'runs')) ?? [];
    const drawn = kinds.map(({ id, title }, at) => {
      const spec = { ...specOf(state, id), matrix: matrix.name, model: chosen };
      switch (id) {
        case 'similarity':
          return this.#framed(
            at + 1,
            spec,
            html`${title}, ${math(label)}`,
            html`${this.#told(cell, kinds[at]?.note ?? '')} ${mapControls(this.ctx, matrix, chosen)}`,
          );
        case 'vector':
          return this.#framed(at + 1, spec, html`${title} ${count(size)}`, vectorControls(this.ctx, matrix, chosen));
        case 'evolution':
          return this.#framed(at + 1, spec, title, evolutionControls(this.ctx, chosen));
        default:
          return this.#framed(at + 1, spec, title);
      }
    });
    // The map is as tall as the two beside it.
    return html`<div class="pairs">${drawn[0]} <div>${drawn.slice(1, 3)}</div> ${drawn.slice(3)}</div>`;
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

  #told(cell: MatrixCell | null | undefined, note: string): TemplateResult {
    const { state } = this.ctx;
    const { settings } = state;
    return html`<div class="told ${change.atRandom(state) ? 'random' : ''}">
      ${cell?.status === 'analyzed' ? html`<p class="find">${math(`${capital(said(cell, settings.k))} at ε = ${settings.epsilon.toFixed(2)}.`)}</p>` : nothing}
      ${cell?.remarks.map((said) => html`<p class="remark">${math(said)}</p>`)}
      <p class="quiet">${note}</p>
    </div>`;
  }

  #numbers(matrix: MatrixRow, models: readonly ModelSummary[], chosen: number): TemplateResult {
    const measures = this.ctx.report?.measures ?? [];
    const places = shown(this.ctx, models.length, chosen);
    const said = (at: number) =>
      measures.map(
        ({ name }, n) =>
          html`<td class="num" data-l=${name}><span>${matrix.cells[at]?.readings[n]?.text ?? '–'}</span></td>`,
      );
    const table = html`<table class="nums">
      <thead><tr><th>Model</th>${measures.map(({ name, about }) => html`<th class="num" title=${about}>${math(name)}</th>`)}</tr></thead>
      <tbody>${places.map((at) => html`<tr class=${at === chosen ? 'on' : ''}><td class="nowrap">${modelName(models[at]!)}</td>${said(at)}</tr>`)}</tbody>
    </table>`;
    return html`${wide(table)}${others(this.ctx, models.length, places)}`;
  }
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

customElements.define('lorascope-matrix', MatrixView);
