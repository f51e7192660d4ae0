/** The frame of a figure: its menu, and on demand the table of its numbers. */
import { html, nothing, type TemplateResult } from 'lit';
import { copyText } from '../text/clipboard';
import { printPdf, savePaperSvg, type Width } from '../figure/paper';
import { NO_REPORT, saveFigure, type FileKind } from '../figure/save';
import { screen } from '../figure/screen';
import type { LiveReport } from '../report/live';
import { setEpsilon, setK, type State } from '../state/state';
import { bibtex, embedCode, frameCode, pytorch, saveEmbedData, saveMarkdown, savePage } from '../report/save';
import type { Cell, FigureId, Focus, Request } from '../wasm/simd/lorascope';
import type { FigureView, Spec } from '../figure/figure';
import type { Item } from '../figure/menu';
import { FIRST } from './many';
import type { Context } from './view';
import './data-table';
import '../figure/figure';
import '../figure/menu';

/** The request that every figure of the run begins with; figures of one matrix add theirs. */
export function specOf(state: State, id: FigureId): Spec {
  const { settings, top, origin, vector, fraction, adaptersOnly, allModels, until } = state;
  return {
    figure: id,
    settings,
    top,
    running: state.status === 'running',
    planned: state.plan?.matrices.length ?? 0,
    focus: focusOf(state),
    origin,
    vector,
    fraction,
    adaptersOnly,
    panels: allModels || screen().printing ? undefined : FIRST,
    until,
  };
}

/** What is pointed at; where that is no line, the model that stands alone. */
function focusOf({ focus, alone }: State): Focus | undefined {
  return alone === undefined || focus?.alone !== undefined ? focus : { ...focus, alone };
}

/** The drawing alone. `look` moves the window of a map. */
export function figure(
  { report, store, nav }: Context,
  spec: Spec,
  look?: (top: number, origin: Cell) => void,
): TemplateResult {
  // A share of all vectors is another number in every matrix.
  const turns = !(spec.figure === 'k-curve' && spec.fraction);
  const turned = ({ epsilon, k }: Focus) =>
    store.update((s) => (epsilon != null ? setEpsilon(s, epsilon) : k != null ? setK(s, k) : s));
  const chosen = (focus: Focus) => {
    const { matrix, model, j } = focus;
    if (spec.matrix === undefined && matrix != null) {
      nav.open(matrix, model ?? undefined);
    } else if (j != null) {
      store.update((s) => ({ ...s, vector: j }));
    } else if (turns) {
      turned(focus);
    }
  };
  return html`<lorascope-figure-view .report=${report} .pointer=${store} .spec=${spec} .chosen=${chosen} .turned=${turns ? turned : undefined} .look=${look}></lorascope-figure-view>`;
}

/** The menu of a figure. It stands anywhere inside the figure's section. */
export function menu(ctx: Context, id: FigureId): TemplateResult {
  return html`<lorascope-menu class="tools" .items=${items(ctx, id)}></lorascope-menu>`;
}

/** The table of a figure's numbers, where the reader asked for it. */
export function dataTable({ state, report }: Context, spec: Spec): TemplateResult | typeof nothing {
  if (!state.tables.has(spec.figure) || !report) return nothing;
  const request: Request = { ...spec, focus: undefined, panels: undefined, theme: 'light', width: 944, scale: 1 };
  return html`<lorascope-data-table .report=${report} .request=${request} .version=${report.version}></lorascope-data-table>`;
}

function items({ report, app, state, address }: Context, id: FigureId): Item[] {
  // A file has what the figure shows as its title.
  const now = (): Request => ({ ...requestOf(id), finding: report?.findings(state.settings)[id] });
  const file = (kind: FileKind, label: string, note = ''): Item => ({
    label,
    note,
    testid: `export-${kind}`,
    act: () => saveFigure(kind, present(report), now()),
  });
  const copy = (kind: string, label: string, note: string, text: () => string | Promise<string>): Item => ({
    label,
    note,
    testid: `copy-${kind}`,
    done: 'Copied.',
    act: () => copyText(text()),
  });
  const paper = (width: Width, note: string): Item[] => [
    {
      label: 'PDF for a paper',
      note,
      testid: `export-pdf-${width}`,
      act: () => printPdf(present(report), now(), width),
    },
    {
      label: 'SVG for a paper',
      note,
      testid: `export-svg-${width}`,
      act: () => savePaperSvg(present(report), now(), width),
    },
  ];
  const dark: Item = {
    label: 'PNG',
    note: 'on dark paper',
    testid: 'export-png-dark',
    act: () => saveFigure('png', present(report), now(), 'dark'),
  };
  return [
    file('svg', 'SVG', 'with its words'),
    file('png', 'PNG', 'twice the pixels'),
    ...(screen().theme === 'dark' ? [dark] : []),
    ...paper('text', '5.5 in wide'),
    ...paper('column', '3.25 in wide'),
    file('csv', 'CSV', 'its numbers'),
    file('json', 'JSON', 'its numbers'),
    { label: 'HTML', note: 'live, in one file', testid: 'export-html', act: () => savePage(present(report), now()) },
    {
      label: 'Markdown',
      note: 'the whole run',
      testid: 'export-markdown',
      act: () => saveMarkdown(present(report), now()),
    },
    copy('link', 'Copy link', 'to this view', () => address?.whole(id) ?? location.href),
    copy('embed', 'Copy embed code', 'with its data beside it', () => embedCode(present(report), now())),
    {
      label: 'Data of the embed',
      note: 'the part it draws',
      testid: 'export-embed',
      act: () => saveEmbedData(present(report), now()),
    },
    copy('frame', 'Copy as iframe', 'of the HTML file', () => frameCode(present(report), now())),
    copy('pytorch', 'Copy as PyTorch', 'computes the number again', () => pytorch(present(report), now())),
    copy('citation', 'Copy citation', 'BibTeX', () => bibtex(present(report))),
    {
      label: state.tables.has(id) ? 'Hide the table' : 'Show as table',
      testid: 'toggle-table',
      act: () => app.toggleTable(id),
    },
  ];
}

/** The request for the figure as it is shown now, at the width it has. */
function requestOf(id: FigureId): Request {
  const view = document.querySelector<FigureView>(`[data-testid=figure][data-figure=${id}] lorascope-figure-view`);
  if (!view) throw new Error('The figure is not drawn.');
  return view.request;
}

function present(report: LiveReport | undefined): LiveReport {
  if (!report) throw new Error(NO_REPORT);
  return report;
}
