/** The state of the page: plain data, and the pure functions that change it. The worker and the wasm may die; this stays. */
import type { Checkpoint } from './checkpoints';
import { CORNER, LONGEST_WINDOW, SETTINGS } from '../contract';
import type { DroppedFile, EngineInfo } from '../engine/engine';
import type { Foresight } from './foresight';
import type { Starting } from '../engine/start';
import { type Renames, renamed } from './renames';
import { NO_RUN, type RunState } from './run';
import { NO_LOSS, type LossState } from './loss';
import { NO_SURGERY, type SurgeryState } from './surgery';
import type { Kept } from '../engine/results-store';
import type { Manifest } from '../files/sample';
import type { Found } from './result';
import type { Unfinished } from './unfinished';
import type { Verified } from './verify';
import type {
  Cell,
  FigureId,
  Focus,
  Mode,
  Plan,
  Problem,
  Preset,
  Report,
  Settings,
  Side,
  Sort,
} from '../wasm/simd/lorascope';

export type Status = 'idle' | 'planning' | 'ready' | 'running' | 'done' | 'cancelled' | 'error';

export interface Vectors {
  matrix: string;
  model: number;
  status: 'computing' | 'known' | 'failed';
  /** The reason why it failed, in words. */
  reason: string;
}

export interface State {
  status: Status;
  screen: 'plan' | 'results';
  engine: EngineInfo | undefined;
  /** The engine's start, while it starts. */
  starting: Starting | undefined;
  /** What comes with the page, once its lists of files are read. */
  sample: Manifest | undefined;
  experiment: Manifest | undefined;
  files: readonly DroppedFile[];
  answers: ReadonlyMap<string, string>;
  plan: Plan | undefined;
  planSeconds: number;
  /** The report of the plan, without matrices, under the reader's names. */
  head: Report | undefined;
  /** The reader's names of models, and those of their files, in the report's order. */
  renames: Renames;
  ownNames: readonly string[];
  /** The results, by index into `plan.matrices`. */
  results: ReadonlyMap<number, readonly Found[]>;
  /** The results that were kept from an earlier visit. */
  earlier: ReadonlySet<number>;
  run: RunState;
  settings: Settings;
  focus: Focus | undefined;
  /** The model whose lines alone are strong in the figures of the run. */
  alone: number | undefined;
  /** The open matrix by name, and the model looked at in it. */
  open: string | undefined;
  model: number;
  /** Rows and columns of the large similarity map, and its upper left cell. */
  top: number;
  origin: Cell;
  /** The fine-tuned vector studied alone, from 0; undefined: the first intruder. */
  vector: number | undefined;
  /** The k curve as a share of all vectors. */
  fraction: boolean;
  /** Effective rank of the adapters alone. */
  adaptersOnly: boolean;
  /** The measure that is shown by layer; undefined: the first of the list. */
  byLayer: FigureId | undefined;
  /** The training step up to which an evolution is drawn; undefined: to its end. */
  until: number | undefined;
  /** The factor of every change with which the threshold is asked what would cross. */
  times: number;
  /** SHA-256 of files by their names, as far as they are computed. */
  hashes: ReadonlyMap<string, string>;
  /** The certified matrix that was computed exactly as well, to check its intervals. */
  verified: Verified | undefined;
  /** Figures whose numbers stand below them as a table. */
  tables: ReadonlySet<FigureId>;
  /** A report opened without its checkpoints: nothing can be computed. */
  stored: boolean;
  /** The mode in which the reader would compute the sample here, where that report is the sample's. */
  sampleMode: Mode | undefined;
  /** The matrix and model of which every pre-trained vector against every fine-tuned one is known, or being computed. */
  vectors: Vectors | undefined;
  surgery: SurgeryState;
  loss: LossState;
  /** The margins to the threshold, where the reader asked for them before computing. */
  foresight: Foresight | undefined;
  sort: Sort | undefined;
  allRows: boolean;
  /** Every model in the tables, however many there are. */
  allModels: boolean;
  shortcuts: boolean;
  /** Problems the page itself met: a folder of links, an engine that does not start. */
  problems: readonly Problem[];
  /** The number of drops or answers taken back: fields that the reader changed are made anew then. */
  taken: number;
  /** The files that are being loaded, in words, while `planning`. */
  loading: string;
  /** The number and size of the results that the browser keeps; undefined where it keeps none. */
  kept: Kept | undefined;
  /** The last run, where it was broken off. */
  unfinished: Unfinished | undefined;
  /** The reason why results are not kept, in words; empty while they are. */
  storeNotice: string;
}

export function defaults(): State {
  return {
    status: 'idle',
    screen: 'plan',
    engine: undefined,
    starting: undefined,
    sample: undefined,
    experiment: undefined,
    files: [],
    taken: 0,
    answers: new Map(),
    plan: undefined,
    planSeconds: 0,
    head: undefined,
    renames: new Map(),
    ownNames: [],
    results: new Map(),
    earlier: new Set(),
    run: NO_RUN,
    settings: SETTINGS,
    focus: undefined,
    alone: undefined,
    open: undefined,
    model: 0,
    top: CORNER,
    origin: { i: 0, j: 0 },
    vector: undefined,
    fraction: false,
    adaptersOnly: false,
    byLayer: undefined,
    until: undefined,
    times: 1,
    hashes: new Map(),
    verified: undefined,
    tables: new Set(),
    stored: false,
    sampleMode: undefined,
    vectors: undefined,
    surgery: NO_SURGERY,
    loss: NO_LOSS,
    foresight: undefined,
    sort: undefined,
    allRows: false,
    allModels: false,
    shortcuts: true,
    problems: [],
    loading: '',
    kept: undefined,
    unfinished: undefined,
    storeNotice: '',
  };
}

/** The state before any file, with what belongs to the reader and the machine kept. */
export function startOver(s: State): State {
  const { engine, starting, sample, experiment, shortcuts, kept, unfinished, storeNotice, settings } = s;
  const own = { engine, starting, sample, experiment, shortcuts, kept, unfinished, storeNotice };
  return setMode({ ...defaults(), ...own }, settings.mode);
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

/** Back to what was planned before the last drop or answer. */
export function takeBack(s: State, { files, answers }: Pick<State, 'files' | 'answers'>): State {
  if (!s.plan || files.length === 0) return startOver(s);
  return {
    ...s,
    files,
    answers,
    taken: s.taken + 1,
    status: s.plan.matrices.length > 0 ? 'ready' : 'error',
    loading: '',
  };
}

/** Takes in a plan. Results stay where the plan is about the same models and matrices. */
export function planned(s: State, plan: Plan, own: Report, seconds: number): State {
  const head = renamed(own, s.renames);
  const same =
    s.plan !== undefined && identity(s.plan) === identity(plan) && JSON.stringify(s.head) === JSON.stringify(head);
  const blocked = plan.matrices.length === 0 && plan.problems.some((p) => p.severity === 'error');
  return {
    ...s,
    plan,
    // The report that is drawn belongs to its head: the very same one goes on with its results.
    head: same ? s.head : head,
    ownNames: own.models.map(({ label }) => label),
    planSeconds: seconds,
    status: blocked ? 'error' : 'ready',
    screen: 'plan',
    loading: '',
    results: same ? s.results : new Map(),
    earlier: same ? s.earlier : new Set(),
    hashes: same ? s.hashes : new Map(),
    run: same ? s.run : NO_RUN,
    sort: same ? s.sort : undefined,
    model: same ? s.model : 0,
    surgery: same ? s.surgery : NO_SURGERY,
    loss: same ? s.loss : NO_LOSS,
    foresight: same ? s.foresight : undefined,
    vectors: undefined,
    vector: undefined,
    focus: undefined,
    alone: undefined,
  };
}

/** The part of a plan that results depend on; problems, questions and estimates may differ. */
function identity(plan: Plan): string {
  return JSON.stringify([plan.base, plan.models, plan.matrices]);
}

/** A problem the page met on its own. What was planned or computed before stays. */
export function trouble(s: State, problem: Problem): State {
  const status: Status = s.plan && s.plan.matrices.length > 0 ? 'ready' : 'error';
  return { ...s, status, screen: 'plan', loading: '', problems: [problem] };
}

/** The longest window there is: as many vectors as the largest matrix has. */
export function longestK(s: State): number {
  // One by one: a plan may have more matrices than a call takes arguments.
  let most = 0;
  for (const { rows, cols } of s.plan?.matrices ?? []) most = Math.max(most, Math.min(rows, cols));
  return most || 50;
}

/** The longest window that a slider offers. */
export function maxK(s: State): number {
  return Math.min(LONGEST_WINDOW, longestK(s));
}

export function setK(s: State, k: number): State {
  return { ...s, settings: { ...s.settings, k: Math.max(1, Math.min(longestK(s), Math.round(k))) } };
}

export function setEpsilon(s: State, epsilon: number): State {
  return { ...s, settings: { ...s.settings, epsilon: Math.round(Math.max(0, Math.min(1, epsilon)) * 100) / 100 } };
}

export function setSide(s: State, side: Side): State {
  return { ...s, settings: { ...s.settings, side } };
}

/** Takes a preset's whole rule. */
export function setPreset(s: State, { id, k, epsilon, side, cosine }: Preset): State {
  return { ...s, settings: { ...s.settings, preset: id, k, epsilon, side, cosine } };
}

/** Whether a dial was moved since: the rule then is not the preset's. */
export function moved({ k, epsilon, side, cosine }: Settings, preset: Preset): boolean {
  return k !== preset.k || epsilon !== preset.epsilon || side !== preset.side || cosine !== preset.cosine;
}

/** The name of the rule in force, which says so where it is no longer the preset's. */
export function ruleName(settings: Settings, presets: readonly Preset[]): string {
  const preset = presets.find(({ id }) => id === settings.preset);
  if (!preset) return settings.preset;
  return moved(settings, preset) ? `${preset.name}, changed` : preset.name;
}

/** Whether the rule in force counts at random: it keeps a sign that singular vectors do not have. */
export function atRandom({ settings }: Pick<State, 'settings'>): boolean {
  return settings.cosine === 'signed';
}

/** Shows so many rows and columns of the map, from a cell on. */
export function look(s: State, top: number, origin: Cell = s.origin): State {
  const whole = (n: number) => Math.max(0, Math.round(n));
  return { ...s, top: Math.max(2, Math.round(top)), origin: { i: whole(origin.i), j: whole(origin.j) } };
}

/** Moves the play head of a series; the other figures show the checkpoint it stands on. */
export function stepTo(s: State, checkpoints: readonly Checkpoint[], to: number): State {
  const here = checkpoints[Math.min(to, checkpoints.length - 1)];
  if (!here) return s;
  return { ...s, until: to >= checkpoints.length - 1 ? undefined : here.step, model: here.at, vector: undefined };
}

/** Computes nothing: what the results lack for the mode is computed when it is asked for. */
export function setMode(s: State, mode: Mode): State {
  return { ...s, settings: { ...s.settings, mode } };
}

/** A second click on the same column turns the order around. `rising`: the first one begins with the smallest. */
export function sortBy(s: State, column: string, model = 0, rising = false): State {
  const same = s.sort?.column === column && s.sort.model === model;
  return { ...s, sort: { column, model, descending: same ? !s.sort!.descending : !rising } };
}

/** The order after a run: the table starts with the matrices that hold most intruders, unless the reader has chosen another. */
export function lead(s: State, model: number | undefined): State {
  if (model === undefined || s.sort) return s;
  return { ...s, model, sort: { column: 'intruders', model, descending: true } };
}
