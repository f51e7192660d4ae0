/** What a reader takes away of a figure: files and lines to paste, each with its settings, its sources and the paper. */
import type { Drawable } from './views/figure';
import type { Request, ReportView, Settings } from './wasm/simd/lorascope';

export type FileKind = 'svg' | 'png' | 'csv' | 'json' | 'html' | 'markdown';
export type TextKind = 'link' | 'embed' | 'pytorch' | 'citation';

const TYPES: Record<FileKind, readonly [ending: string, type: string]> = {
  svg: ['svg', 'image/svg+xml'],
  png: ['png', 'image/png'],
  csv: ['csv', 'text/csv'],
  json: ['json', 'application/json'],
  html: ['html', 'text/html'],
  markdown: ['md', 'text/markdown'],
};

/** The narrowest drawing that is worth a file, in CSS pixels. */
const NARROWEST = 640;

/** Writes one file and hands it to the browser. */
export async function saveFigure(kind: FileKind, report: Drawable, asked: Request): Promise<void> {
  const view = present(report);
  // A phone's drawing is laid out for a phone; a file is for anywhere.
  const request: Request = { ...asked, width: Math.max(NARROWEST, asked.width), focus: undefined };
  const [ending, type] = TYPES[kind];
  const content = kind === 'png' ? await png(view, request) : new Blob([await text(kind, view, request)], { type });
  download(content, `${name(view, request)}.${ending}`);
}

/** The whole report, with counts and totals by the settings. */
export function saveReport(report: Drawable, settings: Settings, label: string): void {
  const json = present(report).json(settings);
  download(new Blob([json], { type: 'application/json' }), `lorascope-${plain(label)}.json`);
}

/** The lines for the clipboard. */
export function lines(kind: Exclude<TextKind, 'link'>, report: Drawable, request: Request): string {
  const view = present(report);
  if (kind === 'embed') return view.embedCode(request);
  if (kind === 'pytorch') return view.pytorch(request);
  return view.bibtex();
}

export function download(content: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

async function text(kind: Exclude<FileKind, 'png'>, view: ReportView, request: Request): Promise<string> {
  switch (kind) {
    case 'svg':
      return view.svg(request);
    case 'csv':
      return view.csv(request);
    case 'json':
      return view.data(request);
    case 'markdown':
      return view.markdown(request);
    case 'html':
      return view.html(request, await module(), address());
  }
}

/** Twice the pixels of the drawing, whatever the screen has. */
async function png(view: ReportView, request: Request): Promise<Blob> {
  const canvas = document.createElement('canvas');
  const captioned: Request = { ...request, scale: 2, caption: view.caption(request.settings) };
  canvas.width = Math.round(captioned.width * 2);
  canvas.height = Math.round(view.height(captioned) * 2);
  view.draw(captioned, canvas);
  const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, 'image/png'));
  if (!blob) throw new Error('The browser made no picture of the figure.');
  return blob;
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

function name(view: ReportView, request: Request): string {
  return `lorascope-${plain(view.heading(request)).toLowerCase()}`;
}

function plain(words: string): string {
  return words.replace(/[^\w.-]+/g, '-').replace(/^-+|-+$/g, '').slice(0, 100);
}

function present(report: Drawable): ReportView {
  if (!report.view) throw new Error('There is no report yet.');
  return report.view;
}
