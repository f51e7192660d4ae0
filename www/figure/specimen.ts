/** The stored report of the empty page, ready to be drawn. */
import { loadSpecimen } from '../files/sample';
import type { Drawable } from './figure';
import type { Report, ReportView } from '../wasm/embed/lorascope';

export interface Specimen {
  report: Drawable;
  source: Report;
}

export async function openSpecimen(View: Pick<typeof ReportView, 'fromJson'>): Promise<Specimen | undefined> {
  const text = await loadSpecimen();
  return text === undefined
    ? undefined
    : { report: { view: View.fromJson(text), version: 0 }, source: JSON.parse(text) as Report };
}
