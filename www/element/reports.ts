/** The reports of a page: each is fetched and read once, however many figures are drawn from it. */
import type { ReportView } from '../wasm/embed/lorascope';
import { loadView } from './wasm';

const opened = new Map<string, Promise<ReportView>>();

/** A report by its address. What did not load is asked for again by the next figure. */
export function fetched(src: string): Promise<ReportView> {
  const address = new URL(src, document.baseURI).href;
  const known = opened.get(address);
  if (known) return known;
  const report = Promise.all([loadView(), text(src, address)]).then(([View, json]) => {
    try {
      return View.fromJson(json);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new Error(`${src} is not a report. ${why} “Save report” and “Data of the embed” write one.`);
    }
  });
  opened.set(address, report);
  report.catch(() => opened.delete(address));
  return report;
}

async function text(src: string, address: string): Promise<string> {
  const response = await fetch(address).catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`${src} did not load: ${why}. A report of another host needs its Access-Control-Allow-Origin.`);
  });
  if (!response.ok)
    throw new Error(`${src} did not load (${response.status}). The report lies where src says, beside the page.`);
  return response.text();
}
