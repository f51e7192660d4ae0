/** The table of matrices: sortable by every column; a cell opens its row's matrix for its own model, the rest of the row for the one whose matches it draws. */
import { html, nothing, type TemplateResult } from 'lit';
import { counted } from '../text/format';
import { math } from '../text/math';
import { matrixName, shortened } from '../text/names';
import { atRandom, sortBy } from '../state/state';
import { saveMatrices } from '../report/save';
import type { MatrixCell, MatrixRow, Measure, ModelSummary, Sort, Told } from '../wasm/simd/lorascope';
import type { Item } from '../figure/menu';
import { others, shown } from './many';
import { words } from './row';
import { screen } from '../figure/screen';
import { strip } from './strip';
import { type Context, PatientView } from './view';
import { wide } from './wide';
import '../figure/menu';

const FIRST_ROWS = 12;
/** More than there are. */
const ALL_ROWS = 2 ** 32 - 1;
/** The measure that the strip of best matches sorts by. */
const WEAKEST = 'weakest-match';

/** The models, the one whose matches are drawn, those that have columns, and all their labels. */
interface Columns {
  models: readonly ModelSummary[];
  chosen: number;
  places: readonly number[];
  labels: readonly string[];
}

class TableView extends PatientView {
  protected override render(): TemplateResult | typeof nothing {
    const { state, report, store } = this.ctx;
    if (!report) return nothing;
    const models = report.models(state.settings);
    const measures = report.measures.filter(({ inTable }) => inTable);
    // Sorted by a measure, the table is about the model that it is measured in.
    const sorted = report.measures.some(({ id }) => id === state.sort?.column);
    const chosen = Math.min(sorted ? state.sort!.model : state.model, models.length - 1);
    const rowsShown = state.allRows || screen().printing ? ALL_ROWS : FIRST_ROWS;
    const places = shown(this.ctx, models.length, chosen);
    const { total, rows } = report.matrices(state.settings, state.sort, rowsShown, chosen, places.length);
    const rest = total - rows.length;
    const columns: Columns = { models, chosen, places, labels: labels(models) };
    return html`<section class="row">
      ${words({ number: 'Table 1', title: 'Matrices', finding: math(report.findings(state.settings)['matrices'] ?? ''), note: this.#note(total, models) }, html`<lorascope-menu class="tools" .items=${this.#items()}></lorascope-menu>`)}
      <div class="body">
        ${wide(html`<table class="mats ${atRandom(state) ? 'random' : ''}">
          ${this.#heads(measures, columns)}
          <tbody>${rows.map((row) => this.#line(row, measures, columns))}</tbody>
        </table>`)}
        ${rest > 0 ? html`<p class="more"><button class="link" @click=${() => store.update((s) => ({ ...s, allRows: true }))}>Show the other ${rest}</button></p>` : nothing}
        ${others(this.ctx, models.length, columns.places)}
      </div>
    </section>`;
  }

  #note(rows: number, models: readonly ModelSummary[]): TemplateResult {
    const { sort, settings } = this.ctx.state;
    const sorted = sortedBy(sort, this.ctx.report?.measures ?? [], models);
    return html`${counted(rows, 'matrix', 'matrices')}, ${math(sorted)}. The strip places the ${settings.k} best matches between 0
    and 1, the dashed mark is <i class="v">ε</i>.`;
  }

  /** All rows and all measures, in the order that is seen. */
  #items(): Item[] {
    const save = (kind: 'csv' | 'json') => () => {
      const { report, state } = this.ctx;
      if (report) saveMatrices(kind, report, state.settings, state.sort);
    };
    return [
      { label: 'CSV', note: 'every matrix, every measure', testid: 'export-matrices-csv', act: save('csv') },
      { label: 'JSON', note: 'the same', testid: 'export-matrices-json', act: save('json') },
    ];
  }

  #heads(measures: readonly Measure[], { models, chosen, places, labels }: Columns): TemplateResult {
    const { k } = this.ctx.state.settings;
    // A count is of the window; and it alone has room on a phone.
    const group = ({ name, unit }: Measure) => math(unit === 'count' ? `${name}, k = ${k}` : name);
    return html`<thead>
      <tr>
        <td class="hide-s" colspan="3"></td><td class="show-s" colspan="2"></td>
        ${measures.map((measure, n) => html`<th class="mid ${small(n)}" colspan=${places.length}><span class="group">${group(measure)}</span></th>`)}
        <td class="st hide-s"></td>
      </tr>
      <tr>
        ${this.#head('Layer', 'layer', 0, 'num', '', true)} ${this.#head('Matrix', 'name', 0, '', '', true)} ${this.#head('Shape', 'shape', 0, 'num hide-s')}
        ${measures.map(({ id, name, rising }, n) => places.map((at) => this.#head(labels[at]!, id, at, `num ${small(n)}`, `${name} in ${models[at]?.label ?? ''}`, rising)))}
        ${this.#head(`Best matches, ${labels[chosen] ?? ''}`, WEAKEST, chosen, 'st hide-s', models[chosen]?.label, true)}
      </tr>
    </thead>`;
  }

  /** `whole`: what a short label stands for. `rising`: a first click begins with the smallest. */
  #head(label: string, column: string, model: number, kind: string, whole = '', rising = false): TemplateResult {
    const { sort } = this.ctx.state;
    const on = sort?.column === column && sort.model === model;
    const order = on ? (sort.descending ? 'descending' : 'ascending') : nothing;
    const arrow = on ? (sort.descending ? ' ↓' : ' ↑') : '';
    return html`<th class=${kind} scope="col" aria-sort=${order}>
      <button class="sort" title=${whole || nothing} @click=${() => this.ctx.store.update((s) => sortBy(s, column, model, rising))}>${math(label)}${arrow}</button>
    </th>`;
  }

  #line(row: MatrixRow, measures: readonly Measure[], { models, chosen, places }: Columns): TemplateResult {
    const { state, nav } = this.ctx;
    const focused = state.focus?.matrix === row.name;
    const open = ({ target }: Event) => {
      const own = (target as Element).closest<HTMLElement>('td[data-model]')?.dataset['model'];
      nav.open(row.name, own === undefined ? chosen : Number(own));
    };
    const keyed = (event: KeyboardEvent) => {
      if (event.key === 'Enter') open(event);
    };
    const { epsilon } = state.settings;
    const best = row.cells[chosen]?.window ?? [];
    return html`<tr data-testid="matrix-row" data-name=${row.name} tabindex="0" class=${focused ? 'on' : ''} @click=${open} @keydown=${keyed}
      @pointerenter=${() => enter(this.ctx.store, row.name)} @pointerleave=${() => leave(this.ctx.store, row.name)}>
      <td class="num">${row.layer ?? ''}</td>
      <td class="name">${matrixName(row)}${exceptions(row, models)}</td>
      <td class="num faint hide-s">${row.rows} × ${row.cols}</td>
      ${measures.map(({ unit }, n) =>
        places.map((at) => {
          const cell = row.cells[at];
          const said = unit === 'count' ? countOf(cell, n) : numberOf(cell?.readings[n]);
          return html`<td class="num ${small(n)}" data-model=${at} title=${models[at]?.label ?? nothing}>${said}</td>`;
        }),
      )}
      <td class="st hide-s">${best.length > 0 ? strip(best, epsilon, models[chosen]?.color ?? 'base') : nothing}</td>
    </tr>`;
  }
}

/** The row under the pointer stands in every figure. */
function enter(store: Context['store'], matrix: string): void {
  store.point({ matrix, model: undefined, i: undefined, j: undefined, epsilon: undefined });
}

/** Leaving it clears only its own mark: a figure may have set another since. */
function leave(store: Context['store'], matrix: string): void {
  const { focus } = store;
  if (focus?.matrix === matrix && focus.model === undefined) store.point(undefined);
}

/** A count in little space; on a phone the first measure alone is shown. */
function small(n: number): string {
  return n > 0 ? 'hide-s' : '';
}

/** A count, and why there is none: the first thing that is looked at. */
function countOf(cell: MatrixCell | null | undefined, n: number): TemplateResult {
  if (!cell) return html`<span class="faint" title="not computed">–</span>`;
  if (cell.status === 'failed' || cell.status === 'skipped')
    return html`<span class="error" title=${cell.reason ?? ''}>×</span>`;
  const [certain, ...open] = (cell.readings[n]?.text ?? '–').split(/(?= \+ )/);
  const rest = open.length > 0 ? html`<span class="open small faint">${open.join('')}</span>` : nothing;
  return html`${cell.readings[n]?.value ? html`<b>${certain}</b>` : html`<span class="faint">${certain}</span>`}${rest}`;
}

/** A narrow column has no room for all that is known: it is in the matrix's own view. */
function numberOf(said: Told | undefined): TemplateResult {
  if (!said) return html`–`;
  return said.narrow === said.text ? html`${said.text}` : html`<span title=${said.text}>${said.narrow}</span>`;
}

/** The reasons why a row has no numbers, in words under its name; the same words of several models once. */
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

function sortedBy(sort: Sort | undefined, measures: readonly Measure[], models: readonly ModelSummary[]): string {
  if (!sort) return 'in the order of the network';
  const places: Record<string, string> = { layer: 'layer', name: 'matrix', shape: 'size' };
  const measure = measures.find(({ id }) => id === sort.column);
  return `sorted by ${measure ? `${measure.short} in ${models[sort.model]?.label ?? ''}` : places[sort.column]}`;
}

customElements.define('lorascope-table', TableView);
