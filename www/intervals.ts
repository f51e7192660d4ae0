/** Best matches as the results hold them: exact numbers, or intervals where only bounds are known. Pure. */
import type { State } from './state';
import type { Match, Matrix, Side } from './wasm/simd/lorascope';

/** The true value lies in [low, high]; equal ends: it is known. */
export interface Interval {
  low: number;
  high: number;
}

/** The best matches of the first k vectors of the chosen side; for both sides the larger one decides. Empty where they were not computed. */
export function windowOf(matrix: Matrix | undefined, side: Side, k: number): Interval[] {
  const left = side === 'right' ? [] : intervals(matrix?.left, k);
  const right = side === 'left' ? [] : intervals(matrix?.right, k);
  if (side === 'left') return left;
  if (side === 'right') return right;
  return left.slice(0, right.length).map((l, j) => ({ low: Math.max(l.low, right[j]!.low), high: Math.max(l.high, right[j]!.high) }));
}

function intervals(match: Match | undefined | null, k: number): Interval[] {
  return (match?.maxCos ?? []).slice(0, k).map((low, j) => ({ low, high: Math.max(low, match?.maxCosUpper?.[j] ?? low) }));
}

/** Between what the smallest of them lies; undefined for none. */
export function weakest(all: readonly Interval[]): Interval | undefined {
  if (all.length === 0) return undefined;
  let [low, high] = [Infinity, Infinity];
  for (const one of all) {
    low = Math.min(low, one.low);
    high = Math.min(high, one.high);
  }
  return { low, high };
}

/** One matrix's results by model; a hole where a model has none. */
export function resultsOf(state: State, name: string): (Matrix | undefined)[] {
  const at = state.plan?.matrices.findIndex((m) => m.name === name) ?? -1;
  const results: (Matrix | undefined)[] = [];
  for (const { model, matrix } of state.results.get(at) ?? []) results[model] = matrix;
  return results;
}

/** The weakest match of a model over all its results. */
export function weakestOf({ results, settings: { side, k } }: State, model: number): Interval | undefined {
  const all: Interval[] = [];
  for (const outcomes of results.values()) {
    const here = weakest(windowOf(outcomes.find((o) => o.model === model)?.matrix, side, k));
    if (here) all.push(here);
  }
  return weakest(all);
}

/** Counted vectors that lie among base vectors of nearly equal strength: their places from 0, and the smallest cosine with that space. */
export function tiedVectors(matrix: Matrix | undefined, side: Side, k: number, epsilon: number): { places: number[]; cosine: number } {
  const tied = (side === 'right' ? matrix?.right : matrix?.left)?.tiedCos ?? [];
  const places: number[] = [];
  let cosine = 1;
  windowOf(matrix, side, k).forEach(({ high }, j) => {
    const within = tied[j] ?? 0;
    if (high >= epsilon || within < epsilon) return;
    places.push(j);
    cosine = Math.min(cosine, within);
  });
  return { places, cosine };
}
