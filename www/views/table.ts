/** The table of matrices: sortable by every column, a row opens its matrix. */
import { html, nothing, type TemplateResult } from 'lit';
import { counted, estimate, rank } from '../format';
import { resultsOf, windowOf } from '../intervals';
import { math } from '../math';
import { shortened } from '../names';
import type { Result } from '../result';
import { sortBy } from '../state';
import type { MatrixCell, MatrixRow, ModelSummary, Sort } from '../wasm/simd/lorascope';
import { others, shown } from './many';
import { words } from './row';
import { screen } from './screen';
import { Sight } from './sight';
import { strip } from './strip';
import { View } from './view';

const FIRST_ROWS = 12;
/** More than there are. */
const ALL_ROWS = 2 ** 32 - 1;

/** The models, the one whose matches are drawn, those that have columns, and all their labels. */
interface Columns {
  models: readonly ModelSummary[];
  chosen: number;
  places: readonly number[];
  labels: readonly string[];
}

class TableView extends View {
  readonly #sight = new Sight(this);

  protected override shouldUpdate(): boolean {
    return this.#sight.now();
  }

  protected override render(): TemplateResult | typeof nothing {
    const { state, report, store } = this.ctx;
    if (!report) return nothing;
    const models = report.models(state.settings);
    const { total, rows } = report.matrices(
      state.settings,
      state.sort,
      state.allRows || screen().printing ? ALL_ROWS : FIRST_ROWS,
    );
    const rest = total - rows.length;
    const chosen = Math.min(state.sort?.model || state.model, models.length - 1);
    const columns: Columns = { models, chosen, places: shown(this.ctx, models.length, chosen), labels: labels(models) };
    return html`<section class="row">
      ${words({ number: 'Table 1', title: 'Matrices', finding: math(report.findings(state.settings).matrices), note: this.#note(total, models) })}
      <div class="body">
        <div class="tbl-scroll"><table class="mats">
          ${this.#heads(columns)}
          <tbody>${rows.map((row) => this.#line(row, columns))}</tbody>
        </table></div>
        ${rest > 0 ? html`<p class="more"><button class="link" @click=${() => store.update((s) => ({ ...s, allRows: true }))}>Show the other ${rest}</button></p>` : nothing}
        ${others(this.ctx, models.length, columns.places)}
      </div>
    </section>`;
  }

  #note(rows: number, models: readonly ModelSummary[]): TemplateResult {
    const { sort, settings } = this.ctx.state;
    return html`${counted(rows, 'matrix', 'matrices')}, ${math(sortedBy(sort, models))}. The strip places the ${settings.k} best matches between 0
    and 1, the dashed mark is <i class="v">ε</i>.`;
  }

  #heads({ chosen, places, labels }: Columns): TemplateResult {
    const { k } = this.ctx.state.settings;
    const each = (column: Sort['column']) =>
      places.map((at) => this.#head(labels[at]!, column, at, column === 'intruders' ? 'num' : 'num hide-s'));
    return html`<thead>
      <tr>
        <td class="hide-s" colspan="3"></td><td class="show-s" colspan="2"></td>
        <th class="mid" colspan=${places.length}><span class="group">Intruders, ${math(`k = ${k}`)}</span></th>
        <th class="mid hide-s" colspan=${places.length}><span class="group">Effective rank of Δ<i class="v">W</i></span></th>
        <td class="hide-s"></td>
      </tr>
      <tr>
        ${this.#head('Layer', 'layer', 0, 'num')} ${this.#head('Matrix', 'name', 0, '')} ${this.#head('Shape', 'shape', 0, 'num hide-s')}
        ${each('intruders')} ${each('effectiveRank')}
        ${this.#head(`Best matches, ${labels[chosen] ?? ''}`, 'best', chosen, 'st hide-s')}
      </tr>
    </thead>`;
  }

  #head(label: string, column: Sort['column'], model: number, kind: string): TemplateResult {
    const { sort } = this.ctx.state;
    const on = sort?.column === column && sort.model === model;
    const order = on ? (sort.descending ? 'descending' : 'ascending') : nothing;
    const arrow = on ? (sort.descending ? ' ↓' : ' ↑') : '';
    return html`<th class=${kind} scope="col" aria-sort=${order}>
      <button class="sort" @click=${() => this.ctx.store.update((s) => sortBy(s, column, model))}>${math(label)}${arrow}</button>
    </th>`;
  }

  #line(row: MatrixRow, { models, chosen, places }: Columns): TemplateResult {
    const { state, nav } = this.ctx;
    const focused = state.focus?.matrix === row.name;
    const keyed = (event: KeyboardEvent) => {
      if (event.key === 'Enter') nav.open(row.name);
    };
    const { epsilon } = state.settings;
    const results = resultsOf(state, row.name);
    const best = windowOf(results[chosen], state.settings);
    return html`<tr data-testid="matrix-row" data-name=${row.name} tabindex="0" class=${focused ? 'on' : ''} @click=${() => nav.open(row.name)} @keydown=${keyed}
      @pointerenter=${() => enter(this.ctx.store, row.name)} @pointerleave=${() => leave(this.ctx.store, row.name)}>
      <td class="num">${row.layer ?? ''}</td>
      <td class="name"><span title=${row.name}>${row.typeLabel}</span>${exceptions(row, models)}</td>
      <td class="num faint hide-s">${row.rows} × ${row.cols}</td>
      ${places.map((at) => html`<td class="num">${intruders(row.cells[at])}</td>`)}
      ${places.map((at) => html`<td class="num hide-s">${effectiveRank(row.cells[at], results[at])}</td>`)}
      <td class="st hide-s">${best.length > 0 ? strip(best, epsilon, models[chosen]?.color ?? 'base') : nothing}</td>
    </tr>`;
  }
}

/** The row under the pointer stands in every figure. */
function enter(store: View['ctx']['store'], matrix: string): void {
  store.point({ matrix, model: undefined, i: undefined, j: undefined, epsilon: undefined });
}

/** Leaving it clears only its own mark: a figure may have set another since. */
function leave(store: View['ctx']['store'], matrix: string): void {
  const { focus } = store;
  if (focus?.matrix === matrix && focus.model === undefined) store.point(undefined);
}

function intruders(cell: MatrixCell | null | undefined): TemplateResult {
  if (!cell) return html`<span class="faint" title="not computed">–</span>`;
  if (cell.status === 'failed' || cell.status === 'skipped')
    return html`<span class="error" title=${cell.reason ?? ''}>×</span>`;
  const open =
    cell.undecided > 0 ? html`<span class="open small faint"> + ${cell.undecided} undecided</span>` : nothing;
  return html`${cell.intruders ? html`<b>${cell.intruders}</b>` : html`<span class="faint">0</span>`}${open}`;
}

/** A narrow column has no room for the error of an estimate: it is in the matrix's own view. */
function effectiveRank(cell: MatrixCell | null | undefined, result: Result | undefined): TemplateResult {
  const error = result?.delta?.effectiveRankError;
  return error == null
    ? html`${rank(cell?.effectiveRank)}`
    : html`<span title=${estimate(cell?.effectiveRank, error)}>≈ ${rank(cell?.effectiveRank)}</span>`;
}

/** Why a row has no numbers, in words under its name; the same words of several models once. */
function exceptions(row: MatrixRow, models: readonly ModelSummary[]): TemplateResult[] {
  const said = new Map<string, string[]>();
  row.cells.forEach((cell, at) => {
    if (!cell || cell.status === 'analyzed') return;
    const words = cell.reason ? `${cell.status}: ${cell.reason}` : cell.status;
    said.set(words, [...(said.get(words) ?? []), models[at]?.label ?? '']);
  });
  return [...said].map(
    ([words, who]) =>
      html`<div class="small ${words.startsWith('failed') ? 'error' : 'faint'}">${words} (${who.join(', ')})</div>`,
  );
}

/** Labels for narrow columns: "r 8" for "LoRA r = 8", of long names what tells them apart. */
function labels(models: readonly ModelSummary[]): string[] {
  // Checkpoints of a run differ in their steps.
  const labels = models.map(({ label }) => label.replace(/^.*, (?=step )/, '').replace(/^LoRA r = /, 'r '));
  return shortened(labels, 12);
}

function sortedBy(sort: Sort | undefined, models: readonly ModelSummary[]): string {
  if (!sort) return 'in the order of the network';
  const of = models[sort.model]?.label ?? '';
  const names = {
    layer: 'layer',
    name: 'matrix',
    shape: 'size',
    intruders: `intruders in ${of}`,
    effectiveRank: `effective rank in ${of}`,
    best: `weakest match in ${of}`,
  };
  return `sorted by ${names[sort.column]}`;
}

customElements.define('lorascope-table', TableView);
