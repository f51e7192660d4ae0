/** A stored report opened again, without its checkpoints: everything that reads a report works, nothing can be computed. */
import { SCHEMA } from '../contract';
import { brief, type Found } from './result';
import { defaults, type State } from './state';
import type { Plan, PlanMatrix, Report } from '../wasm/simd/lorascope';

/** The letters of a file that are looked at to tell a report from any other JSON. */
const START = 200;

export async function isReport(file: Blob): Promise<boolean> {
  return (await file.slice(0, START).text()).includes(`"${SCHEMA}"`);
}

/** The report in a text. What it says of itself is checked when it is drawn; here only that it is one. */
export function parse(text: string): Report {
  const report = JSON.parse(text) as Partial<Report>;
  if (report.schema !== SCHEMA) throw new Error(`It is no ${SCHEMA}.`);
  if (!Array.isArray(report.models) || !report.base || !report.settings || !report.generator)
    throw new Error('Parts of the report are missing.');
  return report as Report;
}

/** The state that shows a report; what belongs to the reader and the machine stays. */
export function opened(s: State, report: Report): State {
  const { engine, starting, sample, experiment, shortcuts, kept, unfinished, storeNotice } = s;
  const matrices: PlanMatrix[] = [];
  const results = new Map<number, Found[]>();
  const places = new Map<string, number>();
  for (const [model, { matrices: own }] of report.models.entries()) {
    for (const matrix of own) {
      let at = places.get(matrix.name);
      if (at === undefined) {
        at = matrices.length;
        places.set(matrix.name, at);
        const { name, layer, type, rows, cols } = matrix;
        matrices.push({ name, layer, type, typeLabel: type ?? 'other', rows, cols, models: [], memory: 0, flops: 0 });
        results.set(at, []);
      }
      matrices[at]!.models.push(model);
      results.get(at)!.push(...brief([{ model, matrix }]));
    }
  }
  const head = { ...report, models: report.models.map((model) => ({ ...model, matrices: [] })) };
  return {
    ...defaults(),
    engine,
    starting,
    sample,
    experiment,
    shortcuts,
    kept,
    unfinished,
    storeNotice,
    status: 'done',
    screen: 'results',
    plan: planOf(matrices),
    head,
    ownNames: report.models.map(({ label }) => label),
    results,
    settings: report.settings,
    stored: true,
  };
}

/** The plan that such a report would have come from, as far as views ask for one. */
function planOf(matrices: PlanMatrix[]): Plan {
  return {
    problems: [],
    questions: [],
    base: undefined,
    models: [],
    types: [],
    pattern: '',
    patternFault: undefined,
    split: undefined,
    matrices,
    leftOut: [],
    files: [],
    flops: 0,
    memory: 0,
  };
}
