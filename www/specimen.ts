/** The stored report of the empty page, ready to be drawn. */
import { LiveReport } from './report';
import { loadSpecimen } from './sample';
import type { Outcome, Report, ReportView } from './wasm/simd/lorascope';

export interface Specimen {
  report: LiveReport;
  source: Report;
}

export async function openSpecimen(View: typeof ReportView): Promise<Specimen | undefined> {
  const source = await loadSpecimen();
  if (!source) return undefined;
  const head = { ...source, models: source.models.map((model) => ({ ...model, matrices: [] })) };
  const outcomes: Outcome[] = source.models.flatMap((m, model) => m.matrices.map((matrix) => ({ model, matrix })));
  const report = new LiveReport(View);
  report.sync({ head, results: new Map([[0, outcomes]]) });
  return { report, source };
}
