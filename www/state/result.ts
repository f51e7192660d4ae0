/** A result as the page itself keeps it: the numbers of its own tables. The whole result stands once, in the drawing side's report. */
import type { Match, Matrix, Outcome } from '../wasm/simd/lorascope';

/** Numbers in their own order, a list or a typed array. */
export type Numbers = ArrayLike<number>;

/** The best matches of one side. */
export interface Matches {
  maxCos: Numbers;
  maxCosUpper?: Numbers | undefined;
  tiedCos?: Numbers | undefined;
  signedCos?: Numbers | undefined;
}

/** Without maps, and of every spectrum the largest value only. */
export interface Result extends Omit<Matrix, 'left' | 'right' | 'similarity' | 'follows' | 'bulk'> {
  left: Matches | undefined;
  right: Matches | undefined;
}

/** The result of one matrix in one model. */
export interface Found {
  model: number;
  matrix: Result;
}

export function brief(outcomes: readonly Outcome[]): Found[] {
  return outcomes.map(({ model, matrix }) => ({ model, matrix: briefly(matrix) }));
}

function briefly(m: Matrix): Result {
  const { similarity: _s, follows: _f, bulk: _b, ...rest } = m;
  return {
    ...rest,
    sigmaBase: m.sigmaBase.slice(0, 1),
    sigmaTuned: m.sigmaTuned.slice(0, 1),
    left: matches(m.left),
    right: matches(m.right),
    delta: m.delta && { ...m.delta, sigma: m.delta.sigma.slice(0, 1) },
  };
}

/** Absent lists may come as null: a stored report says so. */
function matches(match: Match | undefined): Matches | undefined {
  if (!match) return undefined;
  const list = (numbers: readonly number[] | undefined) => (numbers ? Float32Array.from(numbers) : undefined);
  const { maxCos, maxCosUpper, tiedCos, signedCos } = match;
  return {
    maxCos: Float32Array.from(maxCos),
    maxCosUpper: list(maxCosUpper),
    tiedCos: list(tiedCos),
    signedCos: list(signedCos),
  };
}
