/** The stored report of the empty page, ready to be drawn. */
import { loadSpecimen } from '../files/sample';
import type { Drawable } from './figure';
import type { Report, ReportView } from '../wasm/simd/lorascope';

export interface Specimen {
  report: Drawable;
  source: Report;
}

export async function openSpecimen(View: typeof ReportView): Promise<Specimen | undefined> {
  const source = await loadSpecimen();
  return source && { report: { view: new View(source), version: 0 }, source };
}
