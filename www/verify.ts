/** A certified matrix computed exactly as well, and whether its intervals hold what that says. Pure. */
import { exactSeconds } from './cost';
import { windowOf } from './intervals';
import { certified } from './modes';
import type { Found } from './result';
import type { State } from './state';

/** What is checked without being asked for: seconds of exact work at most. */
const WITHOUT_ASKING = 120;

/** What a number of 24 bits and two decompositions may differ by. */
const ROUNDING = 2e-5;

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

/** Both results of one matrix, model by model. */
export function verify(matrix: string, bounds: readonly Found[], exact: readonly Found[]): Verified {
  const found = { matrix, vectors: 0, outside: 0 };
  for (const { model, matrix: claimed } of bounds) {
    const truth = exact.find((outcome) => outcome.model === model)?.matrix;
    if (claimed.mode !== 'certified' || truth?.mode !== 'exact') continue;
    for (const side of ['left', 'right'] as const) {
      const rule = { side, k: Infinity, cosine: 'absolute' } as const;
      const exactly = windowOf(truth, rule);
      for (const [j, { low, high }] of windowOf(claimed, rule).entries()) {
        const value = exactly[j]?.low ?? 0;
        found.vectors += 1;
        if (value < low - ROUNDING || value > high + ROUNDING) found.outside += 1;
      }
    }
  }
  return found;
}
