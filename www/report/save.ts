/** Exports that only the page has: a figure as a page of its own, the table of matrices, the run in words, lines to paste. */
import { download, fileName, forFile, NO_REPORT, pixels, plain } from '../figure/save';
import type { LiveReport } from './live';
import type { CardRequest, Request, ReportView, Settings, Sort } from '../wasm/simd/lorascope';

/** The live figure in one file that needs nothing else. */
export async function savePage(report: LiveReport, asked: Request): Promise<void> {
  const [view, request] = [whole(report), forFile(asked)];
  // The page says below the figure what the element would say itself.
  const html = view
    .html(request, await module(), address())
    .replace('<lorascope-figure ', '<lorascope-figure caption="title" ');
  download(new Blob([html], { type: 'text/html' }), `${fileName(view, request)}.html`);
}

/** The table of matrices: all of its rows in their order, and every measure. */
export function saveMatrices(
  kind: 'csv' | 'json',
  report: LiveReport,
  settings: Settings,
  sort: Sort | undefined,
): void {
  const view = whole(report);
  const text = kind === 'csv' ? view.matricesCsv(settings, sort) : view.matricesJson(settings, sort);
  download(new Blob([text], { type: kind === 'csv' ? 'text/csv' : 'application/json' }), `lorascope-matrices.${kind}`);
}

/** The whole run in words and tables. */
export function saveMarkdown(report: LiveReport, request: Request): void {
  download(new Blob([whole(report).markdown(request)], { type: 'text/markdown' }), 'lorascope.md');
}

export type CardKind = 'png' | 'svg' | 'html';

/** The reading of one model as a picture, or as a page that holds it. */
export async function saveCard(kind: CardKind, report: LiveReport | undefined, request: CardRequest): Promise<void> {
  if (!report) throw new Error(NO_REPORT);
  const view = whole(report);
  const name = `lorascope-${plain(view.head().models[request.model]?.label || 'card')}.${kind}`;
  if (kind === 'png') return download(await pixels((canvas) => view.drawCard(request, canvas)), name);
  const [text, type] =
    kind === 'svg' ? [view.cardSvg(request), 'image/svg+xml'] : [view.cardPage(request), 'text/html'];
  download(new Blob([text], { type }), name);
}

/** The embed snippet; it names the file that `saveEmbedData` writes. */
export function embedCode(report: LiveReport, request: Request): string {
  const view = whole(report);
  return view.embedCode(request).replace('src="report.json"', `src="${embedData(view, request)}"`);
}

/** The part of the report that the figure draws: what its embed has to load. */
export function saveEmbedData(report: LiveReport, asked: Request): void {
  const view = whole(report);
  // The exported page carries this very part.
  const [, data] = /<script type="application\/json">(.*?)<\/script>/s.exec(view.html(forFile(asked), '', '')) ?? [];
  if (data === undefined) throw new Error('The figure has no data.');
  download(new Blob([data], { type: 'application/json' }), embedData(view, asked));
}

function embedData(view: ReportView, request: Request): string {
  return `${fileName(view, request)}-report.json`;
}

/** The snippet for pages that take no script elements of others: the exported page in a frame that is as tall as it says. */
export function frameCode(report: LiveReport, request: Request): string {
  const view = whole(report);
  const title = view.heading(request).replace(/&/g, '&amp;').replace(/"/g, '&quot;').replace(/</g, '&lt;');
  return `<iframe class="lorascope" src="${fileName(view, request)}.html" title="${title}" loading="lazy" width="100%" height="480" style="border:0"></iframe>
<script>
addEventListener('message', ({ data, source }) => {
  if (data?.type !== 'lorascope-height') return;
  for (const frame of document.querySelectorAll('iframe.lorascope')) if (frame.contentWindow === source) frame.height = data.height;
});
</script>`;
}

export function pytorch(report: LiveReport, request: Request): string {
  return whole(report).pytorch(request);
}

export function bibtex(report: LiveReport): string {
  return whole(report).bibtex();
}

/** The element that draws the figure elsewhere: it lies beside the page. */
async function module(): Promise<string> {
  const response = await fetch(new URL('lorascope-figure.js', document.baseURI));
  if (!response.ok) throw new Error(`lorascope-figure.js is not on this host (${response.status}).`);
  return response.text();
}

/** The page's address for others; empty for a copy on one's own machine. */
function address(): string {
  return location.protocol === 'https:' ? `${location.origin}${location.pathname}` : '';
}

function whole(report: LiveReport): ReportView {
  if (!report.view) throw new Error(NO_REPORT);
  return report.view;
}
