/** A run as the state knows it: what was asked for, what is done, and the clock. Pure. */
import type { Answer } from '../engine/engine';
import { answers } from './modes';
import type { Found } from './result';
import type { State, Status } from './state';
import type { Mode } from '../wasm/simd/lorascope';

export interface RunState {
  mode: Mode;
  /** Indices into `plan.matrices` that this run set out to compute, and those of them that have come. */
  asked: readonly number[];
  done: ReadonlySet<number>;
  /** The matrices that are being computed now. */
  current: ReadonlySet<number>;
  /** `performance.now()` at the start of this run, and when its speed began to be measured: what is only fetched says nothing about it. */
  started: number;
  measured: number;
  /** Seconds of this run, those of its measured part, and those of earlier runs of the same plan. */
  seconds: number;
  measuredSeconds: number;
  before: number;
}

export const NO_RUN: RunState = {
  mode: 'auto',
  asked: [],
  done: new Set(),
  current: new Set(),
  started: 0,
  measured: 0,
  seconds: 0,
  measuredSeconds: 0,
  before: 0,
};

/** A run begins: a matrix that is computed again loses its whole map. */
export function started(s: State, now: number, asked: readonly number[] = missing(s), mode = s.settings.mode): State {
  const before = s.run.before + s.run.seconds;
  return {
    ...s,
    status: 'running',
    screen: 'results',
    vectors: undefined,
    verified: undefined,
    run: { ...NO_RUN, mode, asked, started: now, measured: now, before },
  };
}

export function begun(s: State, matrix: number): State {
  return { ...s, run: { ...s.run, current: new Set(s.run.current).add(matrix) } };
}

/** An answer as the page keeps it. */
interface Came extends Omit<Answer, 'outcomes'> {
  outcomes: readonly Found[];
}

/** Takes in what came for one matrix; an earlier result of it is replaced. */
export function computed(s: State, matrix: number, { outcomes, earlier, trouble }: Came, now: number): State {
  const current = new Set(s.run.current);
  current.delete(matrix);
  const kept = new Set(s.earlier);
  if (earlier) kept.add(matrix);
  else kept.delete(matrix);
  const done = new Set(s.run.done).add(matrix);
  const onlyFetched = [...done].every((at) => kept.has(at));
  const run = { ...s.run, current, done, measured: onlyFetched ? now : s.run.measured };
  return {
    ...s,
    results: new Map(s.results).set(matrix, outcomes),
    earlier: kept,
    run: { ...run, ...clock(run, now) },
    storeNotice: s.storeNotice || trouble,
  };
}

export function ended(s: State, now: number): State {
  const complete = missing(s).length === 0 && s.run.asked.every((at) => s.run.done.has(at));
  const status: Status = complete ? 'done' : 'cancelled';
  return { ...s, status, run: { ...s.run, current: new Set(), ...clock(s.run, now) } };
}

function clock({ started, measured }: RunState, now: number): Pick<RunState, 'seconds' | 'measuredSeconds'> {
  return { seconds: (now - started) / 1000, measuredSeconds: (now - measured) / 1000 };
}

/** Indices of matrices without a result that answers the mode, in the order of the network. A stored report misses none: it cannot be computed. */
export function missing({ plan, results, settings, stored }: State): number[] {
  if (stored) return [];
  return (plan?.matrices ?? []).map((_, at) => at).filter((at) => !answers(results.get(at), settings.mode));
}

/** Whether a matrix has all that was asked for: while one is computed again, its earlier result stands but it is not finished. */
export function finished({ results, run, status }: State, at: number): boolean {
  const awaited = status === 'running' && run.asked.includes(at) && !run.done.has(at);
  return results.has(at) && !awaited;
}

/** The number of finished matrices. */
export function finishedCount(s: State): number {
  if (s.status !== 'running') return s.results.size;
  const awaited = s.run.asked.filter((at) => s.results.has(at) && !s.run.done.has(at)).length;
  return s.results.size - awaited;
}
