/** Everything the page knows, as plain data, and the pure functions that change it. The worker and the wasm may die; this stays. */
import type { DroppedFile, EngineInfo } from './engine';
import type { Manifest } from './sample';
import type { Focus, Outcome, Plan, Problem, Report, Settings, Side } from './wasm/simd/lorascope';

export type Status = 'idle' | 'planning' | 'ready' | 'running' | 'done' | 'cancelled' | 'error';

/** What a click on a column head of the table of matrices sorts by; `model` for the columns of one model. */
export interface Sort {
  column: 'layer' | 'name' | 'shape' | 'intruders' | 'effectiveRank' | 'best';
  model: number;
  descending: boolean;
}

export interface RunState {
  /** Indices into `plan.matrices` that this run set out to compute. */
  asked: readonly number[];
  /** Those being computed now. */
  current: ReadonlySet<number>;
  /** `performance.now()` at the start of this run. */
  started: number;
  /** Seconds of this run, and those of earlier runs of the same plan. */
  seconds: number;
  before: number;
}

export interface State {
  status: Status;
  screen: 'plan' | 'results';
  engine: EngineInfo | undefined;
  /** The sample that comes with the page, once its list of files is read. */
  sample: Manifest | undefined;
  files: readonly DroppedFile[];
  answers: ReadonlyMap<string, string>;
  plan: Plan | undefined;
  planSeconds: number;
  /** The report of the plan, without matrices. */
  head: Report | undefined;
  /** What is computed, by index into `plan.matrices`. */
  results: ReadonlyMap<number, readonly Outcome[]>;
  run: RunState;
  settings: Settings;
  focus: Focus | undefined;
  /** The open matrix by name, and the model looked at in it. */
  open: string | undefined;
  model: number;
  /** Rows and columns of the large similarity map. */
  top: number;
  sort: Sort | undefined;
  allRows: boolean;
  shortcuts: boolean;
  /** Problems the page itself met: a folder of links, an engine that does not start. */
  problems: readonly Problem[];
  /** What is being loaded, in words, while `planning`. */
  loading: string;
}

export function defaults(): State {
  return {
    status: 'idle',
    screen: 'plan',
    engine: undefined,
    sample: undefined,
    files: [],
    answers: new Map(),
    plan: undefined,
    planSeconds: 0,
    head: undefined,
    results: new Map(),
    run: { asked: [], current: new Set(), started: 0, seconds: 0, before: 0 },
    settings: { k: 10, epsilon: 0.5, side: 'left', cosine: 'absolute', svd: 'thin', mode: 'exact', preset: 'official' },
    focus: undefined,
    open: undefined,
    model: 0,
    top: 32,
    sort: undefined,
    allRows: false,
    shortcuts: true,
    problems: [],
    loading: '',
  };
}

/** The state before any file, with what belongs to the reader and the machine kept. */
export function startOver(s: State): State {
  return { ...defaults(), engine: s.engine, sample: s.sample, shortcuts: s.shortcuts };
}

/**
 * Adds files; one of a folder that was chosen before is not taken twice. Bare names say too little: two models of one size, unpacked in
 * the same second, look alike, and losing one silently is worse than showing one twice.
 */
export function addFiles(s: State, files: readonly DroppedFile[]): State {
  const key = (f: DroppedFile) => `${f.path}\0${f.file.size}\0${f.file.lastModified}`;
  const known = new Set(s.files.map(key));
  const fresh = files.filter((f) => !(f.path.includes('/') && known.has(key(f))));
  return { ...s, files: [...s.files, ...fresh], problems: [] };
}

export function planning(s: State, loading: string): State {
  return { ...s, status: 'planning', screen: 'plan', open: undefined, loading };
}

/** Takes in a plan. Results stay where the plan is about the same models and matrices. */
export function planned(s: State, plan: Plan, head: Report, seconds: number): State {
  const same = s.plan !== undefined && identity(s.plan) === identity(plan);
  const blocked = plan.matrices.length === 0 && plan.problems.some((p) => p.severity === 'error');
  return {
    ...s,
    plan,
    head,
    planSeconds: seconds,
    status: blocked ? 'error' : 'ready',
    screen: 'plan',
    loading: '',
    results: same ? s.results : new Map(),
    run: same ? s.run : defaults().run,
    sort: same ? s.sort : undefined,
    model: same ? s.model : 0,
    focus: undefined,
  };
}

/** What results depend on; problems, questions and estimates may differ. */
function identity(plan: Plan): string {
  return JSON.stringify([plan.base, plan.models, plan.matrices]);
}

/** A problem the page met on its own. What was planned or computed before stays. */
export function trouble(s: State, problem: Problem): State {
  const status: Status = s.plan && s.plan.matrices.length > 0 ? 'ready' : 'error';
  return { ...s, status, screen: 'plan', loading: '', problems: [problem] };
}

export function started(s: State, now: number): State {
  const before = s.run.before + s.run.seconds;
  return { ...s, status: 'running', screen: 'results', run: { asked: missing(s), current: new Set(), started: now, seconds: 0, before } };
}

export function begun(s: State, matrix: number): State {
  return { ...s, run: { ...s.run, current: new Set(s.run.current).add(matrix) } };
}

export function computed(s: State, matrix: number, outcomes: readonly Outcome[], now: number): State {
  const current = new Set(s.run.current);
  current.delete(matrix);
  return { ...s, results: new Map(s.results).set(matrix, outcomes), run: { ...s.run, current, seconds: (now - s.run.started) / 1000 } };
}

export function ended(s: State, now: number): State {
  const status: Status = missing(s).length === 0 ? 'done' : 'cancelled';
  return { ...s, status, run: { ...s.run, current: new Set(), seconds: (now - s.run.started) / 1000 } };
}

/** Indices of the plan's matrices that have no result yet, in the order of the network. */
export function missing(s: State): number[] {
  return (s.plan?.matrices ?? []).map((_, at) => at).filter((at) => !s.results.has(at));
}

/** The longest window: as many vectors as the largest matrix has, 100 at most. */
export function maxK(s: State): number {
  const ranks = (s.plan?.matrices ?? []).map((m) => Math.min(m.rows, m.cols));
  return Math.max(1, Math.min(100, Math.max(0, ...ranks) || 50));
}

export function setK(s: State, k: number): State {
  return { ...s, settings: { ...s.settings, k: Math.max(1, Math.min(maxK(s), Math.round(k))) } };
}

export function setEpsilon(s: State, epsilon: number): State {
  return { ...s, settings: { ...s.settings, epsilon: Math.round(Math.max(0, Math.min(1, epsilon)) * 100) / 100 } };
}

export function setSide(s: State, side: Side): State {
  return { ...s, settings: { ...s.settings, side } };
}

/** A second click on the same column turns the order around. Numbers start with the largest, names with the first. */
export function sortBy(s: State, column: Sort['column'], model = 0): State {
  const same = s.sort?.column === column && s.sort.model === model;
  const first = column === 'intruders' || column === 'effectiveRank' || column === 'shape';
  return { ...s, sort: { column, model, descending: same ? !s.sort!.descending : first } };
}

/** After a run: the table starts with the matrices that hold most intruders, unless the reader has chosen an order. */
export function lead(s: State, model: number | undefined): State {
  if (model === undefined || s.sort) return s;
  return { ...s, model, sort: { column: 'intruders', model, descending: true } };
}
