/** The check of a certified matrix: it is computed exactly as well, and its intervals must hold the exact matches. Pure. */
import { exactSeconds } from './cost';
import { certified } from './modes';
import type { Found } from './result';
import type { State } from './state';
import type { Matrix, Outcome } from '../wasm/simd/lorascope';

/** The most seconds of exact work that are spent on a check without being asked for. */
const WITHOUT_ASKING = 120;

export interface Verified {
  matrix: string;
  /** Best matches compared, and those that lie outside their intervals. */
  vectors: number;
  outside: number;
}

/** The matrix to check: any one of those certified, the same for the same run, and none that would take long. */
export function sampled(state: State): number | undefined {
  const { plan, run, earlier, engine } = state;
  if (!plan || state.stored || state.status !== 'done') return undefined;
  const short = certified(state).filter(
    (at) => exactSeconds(plan, [at], run, earlier, engine?.threads ?? 1) <= WITHOUT_ASKING,
  );
  return short[Math.floor(short.length / 2)];
}

/** Compares both results of one matrix, model by model; `compare` counts a model's best matches, and those outside their bounds. */
export function verify(
  matrix: string,
  bounds: readonly Found[],
  exact: readonly Outcome[],
  compare: (model: number, exact: Matrix) => readonly [vectors: number, outside: number],
): Verified {
  const found = { matrix, vectors: 0, outside: 0 };
  for (const { model, matrix: claimed } of bounds) {
    const truth = exact.find((outcome) => outcome.model === model)?.matrix;
    if (claimed.mode !== 'certified' || truth?.mode !== 'exact') continue;
    const [vectors, outside] = compare(model, truth);
    found.vectors += vectors;
    found.outside += outside;
  }
  return found;
}
