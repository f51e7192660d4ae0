/** The numbers behind a figure as a table, for readers who cannot see it or want to copy it. Made when it is first opened. */
import { html, LitElement, nothing, type TemplateResult } from 'lit';
import { count } from '../text/format';
import type { LiveReport } from '../report/live';
import type { Request, Value } from '../wasm/simd/lorascope';

/** More rows than this are shown on demand. */
const FIRST = 100;

export class DataTable extends LitElement {
  static override properties = {
    report: { attribute: false },
    request: { attribute: false, hasChanged: differ },
    version: { attribute: false },
    all: { state: true },
  };
  declare report: LiveReport;
  declare request: Request;
  declare version: number;
  declare all: boolean;

  constructor() {
    super();
    this.all = false;
  }

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  protected override render(): TemplateResult | typeof nothing {
    const table = this.report.view?.table(this.request);
    if (!table) return nothing;
    const rows = this.all ? table.rows : table.rows.slice(0, FIRST);
    const rest = table.rows.length - rows.length;
    return html`<div class="tbl-scroll data" tabindex="0" role="region" aria-label="Data: ${table.title}"><table>
        <caption class="sr">${table.title}</caption>
        <thead><tr>${table.columns.map((column) => html`<th scope="col">${column}</th>`)}</tr></thead>
        <tbody>${rows.map((row) => html`<tr>${row.map(cell)}</tr>`)}</tbody>
      </table></div>
      ${rest > 0 ? html`<p class="more"><button class="link" @click=${() => (this.all = true)}>Show the other ${count(rest)} rows</button></p>` : nothing}`;
  }
}

function cell(value: Value): TemplateResult {
  if (typeof value === 'number') return html`<td class="num">${short(value)}</td>`;
  return html`<td>${value ?? ''}</td>`;
}

/** Six digits are more than any eye compares; the files carry them all. */
function short(value: number): string {
  const text = Number.isInteger(value) ? count(value) : String(Number(value.toPrecision(6)));
  return text.replace('-', '\u2212');
}

/** A page makes a new request with every rendering; the table is made again only where it asks for something else. */
function differ(now: unknown, before: unknown): boolean {
  return JSON.stringify(now) !== JSON.stringify(before);
}

customElements.define('lorascope-data-table', DataTable);
