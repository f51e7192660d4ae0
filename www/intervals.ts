/** Best matches as the results hold them: exact numbers, or intervals where only bounds are known. Pure. */
import type { Matches, Numbers, Result } from './result';
import type { State } from './state';
import type { Settings } from './wasm/simd/lorascope';

/** The true value lies in [low, high]; equal ends: it is known. */
export interface Interval {
  low: number;
  high: number;
}

/** What decides which numbers are looked at. */
type Rule = Pick<Settings, 'side' | 'k' | 'cosine'>;

/** The best matches of the first k vectors of the chosen side; for both sides the larger one decides. Empty where they were not computed. */
export function windowOf(matrix: Result | undefined, { side, k, cosine }: Rule): Interval[] {
  const left = side === 'right' ? [] : intervals(matrix?.left, k, cosine);
  const right = side === 'left' ? [] : intervals(matrix?.right, k, cosine);
  if (side === 'left') return left;
  if (side === 'right') return right;
  return left
    .slice(0, right.length)
    .map((l, j) => ({ low: Math.max(l.low, right[j]!.low), high: Math.max(l.high, right[j]!.high) }));
}

function intervals(match: Matches | undefined, k: number, cosine: Rule['cosine']): Interval[] {
  if (cosine === 'signed') return first(match?.signedCos, k, (cos) => ({ low: cos, high: cos }));
  return first(match?.maxCos, k, (low, j) => ({ low, high: Math.max(low, match?.maxCosUpper?.[j] ?? low) }));
}

function first(numbers: Numbers | undefined, k: number, of: (number: number, j: number) => Interval): Interval[] {
  return Array.from({ length: Math.min(k, numbers?.length ?? 0) }, (_, j) => of(numbers![j]!, j));
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
export function resultsOf(state: State, name: string): (Result | undefined)[] {
  const at = state.plan?.matrices.findIndex((m) => m.name === name) ?? -1;
  const results: (Result | undefined)[] = [];
  for (const { model, matrix } of state.results.get(at) ?? []) results[model] = matrix;
  return results;
}

/** Counted vectors that lie among base vectors of nearly equal strength: their places from 0, and the smallest cosine with that space. */
export function tiedVectors(matrix: Result | undefined, settings: Settings): { places: number[]; cosine: number } {
  const { side, epsilon } = settings;
  const tied = (side === 'right' ? matrix?.right : matrix?.left)?.tiedCos ?? [];
  const places: number[] = [];
  let cosine = 1;
  windowOf(matrix, settings).forEach(({ high }, j) => {
    const within = tied[j] ?? 0;
    if (high >= epsilon || within < epsilon) return;
    places.push(j);
    cosine = Math.min(cosine, within);
  });
  return { places, cosine };
}
