/** Surgery as the state knows it: what the reader chose, the newest answers, and how far the long questions are. Pure. */
import type { State } from './state';
import type { Arm, Cut, Operated, Precision, ReportView, Surgery } from '../wasm/simd/lorascope';

/** The strengths of the figure over lambda. */
export const OVER = [0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 2] as const;

/** Of the random arm: one seed for the page, its files and its script. */
export const SEED = 0;

/** Kinds whose change is a product of factors: its edit is an adapter again. Any other change is stored whole. */
const FACTORED: readonly string[] = ['lora', 'adalora', 'vera', 'pissa'];

/** Matrices that are in, of all that a long question asks for. */
export interface Progress {
  done: number;
  total: number;
}

/** One matrix under every arm, as a report of its own. */
export interface Beside {
  name: string;
  /** The question that was asked: rule, choice and lambda. */
  question: string;
  lambda: number;
  /** The arm that is looked at: its place in the order of tables. */
  arm: number;
  /** Undefined while it is computed. */
  report: { view: ReportView; version: number } | undefined;
  fault: string;
}

export interface SurgeryState {
  shown: boolean;
  /** The model; undefined: the one that is looked at elsewhere. */
  model: number | undefined;
  lambda: number;
  /** Matrices left as they are, and vectors chosen by hand, from 0; any other matrix follows the rule. By name. */
  out: ReadonlySet<string>;
  own: ReadonlyMap<string, readonly number[]>;
  /** The newest answer of each matrix under the rule in force; that of the present lambda may be on its way. */
  found: ReadonlyMap<string, Operated>;
  /** The reason, by the name of the matrix that cannot be operated on. */
  refused: ReadonlyMap<string, string>;
  /** The sums of the last question that all matrices have answered, and its lambda. */
  sums: Surgery | undefined;
  at: number;
  /** Matrices that the present question waits for. */
  waiting: number;
  over: Progress | undefined;
  /** The reason why the figure over lambda could not be made; empty where it was. */
  overFault: string;
  /** The question behind the figure over lambda, by model. */
  drawn: ReadonlyMap<number, string>;
  arm: Arm;
  precision: Precision;
  ownRank: boolean;
  saving: Progress | undefined;
  /** How the last saving ended, in words. */
  saved: string;
  saveFault: string;
  /** The matrix whose arms are drawn beside each other. */
  beside: Beside | undefined;
  /** Matrices whose vectors are listed, and whether those without chosen vectors are. */
  unfolded: ReadonlySet<string>;
  all: boolean;
}

export const NO_SURGERY: SurgeryState = {
  shown: false,
  model: undefined,
  lambda: 0.75,
  out: new Set(),
  own: new Map(),
  found: new Map(),
  refused: new Map(),
  sums: undefined,
  at: 0.75,
  waiting: 0,
  over: undefined,
  overFault: '',
  drawn: new Map(),
  arm: 'scaled',
  precision: 'f32',
  ownRank: false,
  saving: undefined,
  saved: '',
  saveFault: '',
  beside: undefined,
  unfolded: new Set(),
  all: false,
};

/** Changes a part of it. */
export function operating(s: State, part: Partial<SurgeryState>): State {
  return { ...s, surgery: { ...s.surgery, ...part } };
}

/** The model that is edited. */
export function patient({ surgery, model, head }: State): number {
  return Math.min(surgery.model ?? model, (head?.models.length ?? 1) - 1);
}

/** Whether its edit is an adapter again. */
export function factored(s: State): boolean {
  return FACTORED.includes(s.head?.models[patient(s)]?.kind ?? '');
}

/** A matrix that can be operated on: its place in the plan. */
export interface Operable {
  at: number;
  name: string;
}

/** The matrices that the model changed and that are analyzed: any other has nothing to edit. */
export function operable(s: State): Operable[] {
  const model = patient(s);
  const all = s.plan?.matrices ?? [];
  return all.flatMap(({ name }, at) =>
    s.results.get(at)?.some((found) => found.model === model && found.matrix.status === 'analyzed')
      ? [{ at, name }]
      : [],
  );
}

/** Vectors of a matrix by the reader's choice; undefined: all intruders. */
export function chosenIn({ surgery }: State, name: string): readonly number[] | undefined {
  return surgery.out.has(name) ? [] : surgery.own.get(name);
}

/** The question to one matrix. */
export function cutOf(s: State, name: string | undefined, lambdas: readonly number[]): Cut {
  const { k, epsilon, side } = s.settings;
  const chosen = name === undefined ? undefined : chosenIn(s, name);
  return { k, epsilon, side, lambdas: [...lambdas], chosen: chosen && [...chosen], seed: SEED };
}

/** The rule in force, for one model: with another, every answer is void. */
export function ruleOf(s: State): string {
  const { k, epsilon, side } = s.settings;
  return JSON.stringify([patient(s), k, epsilon, side]);
}

/** The rule and the reader's choice: what a figure over lambda belongs to. */
export function questionOf(s: State): string {
  const { out, own } = s.surgery;
  return JSON.stringify([ruleOf(s), [...out].sort(), [...own].sort(([a], [b]) => (a < b ? -1 : 1))]);
}

/** Another rule: its answers are yet to come. What was chosen by hand stays. */
export function voided(s: State): State {
  return operating(s, { found: new Map(), refused: new Map(), sums: undefined, saved: '', saveFault: '' });
}

export function setLambda(s: State, lambda: number): State {
  const steps = Math.round(Math.max(0, Math.min(2, lambda)) * 100) / 100;
  return operating(s, { lambda: steps, saved: '' });
}

export function setPatient(s: State, model: number): State {
  const { shown, lambda, arm, precision, ownRank, drawn } = s.surgery;
  return operating(s, { ...NO_SURGERY, shown, lambda, arm, precision, ownRank, drawn, model });
}

/** Leaves a matrix as it is, or takes it in again. */
export function leaveOut(s: State, name: string, left: boolean): State {
  const out = new Set(s.surgery.out);
  if (left) out.add(name);
  else out.delete(name);
  return operating(s, { out, saved: '' });
}

/** Takes a vector of a matrix in, or out: the others stay as they are. */
export function choose(s: State, name: string, j: number, on: boolean): State {
  const now = new Set(s.surgery.own.get(name) ?? s.surgery.found.get(name)?.chosen ?? []);
  if (on) now.add(j);
  else now.delete(j);
  const own = new Map(s.surgery.own).set(
    name,
    [...now].sort((a, b) => a - b),
  );
  return operating(s, { own, saved: '' });
}

/** All intruders of the matrix again. */
export function asRule(s: State, name: string): State {
  const own = new Map(s.surgery.own);
  own.delete(name);
  return operating(s, { own, saved: '' });
}

export function unfold(s: State, name: string): State {
  const unfolded = new Set(s.surgery.unfolded);
  if (!unfolded.delete(name)) unfolded.add(name);
  return operating(s, { unfolded });
}

/** Takes in the answer of a matrix. */
export function operated(s: State, answer: Operated): State {
  return operating(s, { found: new Map(s.surgery.found).set(answer.name, answer) });
}

export function refused(s: State, name: string, reason: string): State {
  return operating(s, { refused: new Map(s.surgery.refused).set(name, reason) });
}

/** Asks once more. */
export function retry(s: State): State {
  return operating(s, { refused: new Map() });
}

/** What the figures of one matrix depend on. */
export function besideQuestion(s: State): string {
  return `${questionOf(s)} ${s.surgery.lambda}`;
}
