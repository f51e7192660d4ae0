/** A figure for a paper: bare, on light paper, as wide as a text or a column. Its words are the paper's own. */
import type { Request } from '../wasm/embed/lorascope';
import type { Drawable } from './figure';
import { download, fileName, forFile, NO_REPORT } from './save';

/** Widths of common templates: 5.5 in and 3.25 in, at 96 CSS pixels an inch. */
export const WIDTHS = { text: 528, column: 312 };

export type Width = keyof typeof WIDTHS;

/** The drawing as a file, its letters as text. */
export function savePaperSvg(report: Drawable, asked: Request, width: Width): void {
  const { svg, name } = drawn(report, asked, width);
  download(new Blob([svg], { type: 'image/svg+xml' }), `${name}-${width}.svg`);
}

/** The drawing as a PDF of its own size, by the browser's print dialog: it alone has the fonts that the screen has. */
export async function printPdf(report: Drawable, asked: Request, width: Width): Promise<void> {
  const { svg, name } = drawn(report, asked, width);
  // Some browsers never say that a page was printed: then its frame stays, until the next one.
  document.querySelector('iframe.for-print')?.remove();
  const frame = document.createElement('iframe');
  frame.className = 'for-print';
  frame.title = name;
  frame.srcdoc = `<!doctype html><title>${name}</title>${svg}`;
  const loaded = new Promise((done) => frame.addEventListener('load', done, { once: true }));
  document.body.append(frame);
  await loaded;
  const [page, view] = [frame.contentDocument!, frame.contentWindow! as Window & typeof globalThis];
  const { width: w, height: h } = page.querySelector('svg')!.getBoundingClientRect();
  // The page's policy allows no style in a text; sheets made by a script are its own.
  const sheet = new view.CSSStyleSheet();
  sheet.replaceSync(
    `@page { size: ${Math.ceil(w)}px ${Math.ceil(h)}px; margin: 0 } body { margin: 0 } svg { display: block }`,
  );
  page.adoptedStyleSheets = [sheet];
  view.addEventListener('afterprint', () => setTimeout(() => frame.remove()), { once: true });
  view.focus();
  view.print();
}

function drawn({ view }: Drawable, asked: Request, width: Width): { svg: string; name: string } {
  if (!view) throw new Error(NO_REPORT);
  const request: Request = { ...forFile(asked), theme: 'light', width: WIDTHS[width] };
  return { svg: view.drawing(request), name: fileName(view, request) };
}
