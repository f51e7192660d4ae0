/** What only the page exports: a figure as a page of its own, the table of matrices, the run in words, lines to paste. */
import { download, fileName, forFile, NO_REPORT } from './exports';
import type { LiveReport } from './report';
import type { Request, ReportView, Settings, Sort } from './wasm/simd/lorascope';

/** The live figure in one file that needs nothing else. */
export async function savePage(report: LiveReport, asked: Request): Promise<void> {
  const [view, request] = [whole(report), forFile(asked)];
  const html = view.html(request, await module(), address());
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

export function embedCode(report: LiveReport, request: Request): string {
  return whole(report).embedCode(request);
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

/** Where this page can be found by others; empty for a copy on one's own machine. */
function address(): string {
  return location.protocol === 'https:' ? `${location.origin}${location.pathname}` : '';
}

function whole(report: LiveReport): ReportView {
  if (!report.view) throw new Error(NO_REPORT);
  return report.view;
}
