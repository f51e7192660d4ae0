/** Exports of one figure: files, each with its settings, its sources and the paper. */
import type { Drawable } from './figure';
import type { Request, ReportView, Settings, Theme } from '../wasm/embed/lorascope';

export const NO_REPORT = 'There is no report yet.';

export type FileKind = keyof typeof TYPES;

const TYPES = { svg: 'image/svg+xml', png: 'image/png', csv: 'text/csv', json: 'application/json' };

/** The narrowest drawing that is worth a file, in CSS pixels. */
const NARROWEST = 640;

/** Writes one file and hands it to the browser: on light paper, where the reader asks for no other. */
export async function saveFigure(
  kind: FileKind,
  report: Drawable,
  asked: Request,
  theme: Theme = 'light',
): Promise<void> {
  const [view, request] = [present(report), { ...forFile(asked), theme }];
  const content =
    kind === 'png' ? await png(view, request) : new Blob([text(kind, view, request)], { type: TYPES[kind] });
  download(content, `${fileName(view, request)}.${kind}`);
}

/** A phone's drawing is laid out for a phone; a file is for anywhere. The crosshair stays behind, a model that stands alone does not; and all models are in it. */
export function forFile(request: Request): Request {
  const { alone } = request.focus ?? {};
  const focus = alone == null ? undefined : { alone };
  return { ...request, width: Math.max(NARROWEST, request.width), focus, panels: undefined };
}

/** The whole report, with counts and totals by the settings. */
export function saveReport(report: Drawable, settings: Settings, label: string): void {
  const json = present(report).json(settings);
  download(new Blob([json], { type: 'application/json' }), `lorascope-${plain(label)}.json`);
}

export function download(content: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

function text(kind: Exclude<FileKind, 'png'>, view: ReportView, request: Request): string {
  switch (kind) {
    case 'svg':
      return view.svg(request);
    case 'csv':
      return view.csv(request);
    case 'json':
      return view.data(request);
  }
}

/** Twice the pixels of the drawing, whatever the screen has. */
async function png(view: ReportView, request: Request): Promise<Blob> {
  const captioned: Request = { ...request, scale: 2, caption: view.caption(request.settings) };
  return pixels((canvas) => view.draw(captioned, canvas));
}

/** The drawing on a canvas, as a PNG file. */
export async function pixels(draw: (canvas: HTMLCanvasElement) => unknown): Promise<Blob> {
  const canvas = document.createElement('canvas');
  draw(canvas);
  const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, 'image/png'));
  if (!blob) throw new Error('The browser could not render the drawing as an image.');
  return blob;
}

export function fileName(view: ReportView, request: Request): string {
  return `lorascope-${plain(view.heading(request)).toLowerCase()}`;
}

/** Words as a file's name. */
export function plain(words: string): string {
  return words
    .replace(/[^\w.-]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 100);
}

function present(report: Drawable): ReportView {
  if (!report.view) throw new Error(NO_REPORT);
  return report.view;
}
