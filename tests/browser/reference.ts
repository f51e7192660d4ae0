/** The float64 reference, and the comparison with it: the rules of tests/common/reference.rs. */
import { expect } from '@playwright/test';
import type { Matrix, Model } from './schema';
import { readJson } from './support';

export interface Row {
  name: string;
  shape: [number, number];
  sigma_base: number[];
  sigma_tuned: number[];
  max_abs_cos_left: number[];
  max_abs_cos_right: number[];
  argmax_left: number[];
  count_k10: Record<string, number>;
  count_k10_right: Record<string, number>;
  'count_eps0.5': Record<string, number>;
  effective_rank_change: number;
  stable_rank: { change: number };
  frobenius: { change: number };
}

export const EPSILONS = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];

export function reference(answers: string, model: string, names = /./): Row[] {
  return readJson<{ matrices: Row[] }>(`${answers}/${model}.json`).matrices.filter((row) => names.test(row.name));
}

/** Scores this near to epsilon may fall on either side of it in single precision. */
const NEAR = 1e-4;
const count = (scores: readonly number[], k: number, epsilon: number) =>
  scores.slice(0, k).filter((c) => c < epsilon).length;
const near = (scores: readonly number[], k: number, epsilon: number) =>
  scores.slice(0, k).filter((c) => Math.abs(c - epsilon) < NEAR).length;

/** Checks a count over these matrices against the reference, which lists 50 scores, so that k is 50 at most. */
export function checkCount(ours: number, rows: readonly Row[], k: number, epsilon: number, what: string): void {
  const wanted = rows.reduce((sum, row) => sum + count(row.max_abs_cos_left, k, epsilon), 0);
  const allowed = rows.reduce((sum, row) => sum + near(row.max_abs_cos_left, k, epsilon), 0);
  expect(
    Math.abs(ours - wanted),
    `${what}: ${ours} at k = ${k}, epsilon = ${epsilon}, the reference has ${wanted}`,
  ).toBeLessThanOrEqual(allowed);
}

export function checkModel(model: Model, rows: readonly Row[]): void {
  expect(model.matrices.map((m) => m.name).sort()).toEqual(rows.map((row) => row.name).sort());
  for (const m of model.matrices) checkMatrix(`${model.label} ${m.name}`, m, rows.find((row) => row.name === m.name)!);
}

function checkMatrix(at: string, m: Matrix, row: Row): void {
  expect([m.rows, m.cols], at).toEqual(row.shape);
  const sides = [
    { side: 'left', ours: m.left!.maxCos, theirs: row.max_abs_cos_left, counts: row.count_k10 },
    { side: 'right', ours: m.right!.maxCos, theirs: row.max_abs_cos_right, counts: row.count_k10_right },
  ];
  for (const { side, ours, theirs, counts } of sides) {
    expect(Object.keys(counts)).toHaveLength(EPSILONS.length);
    for (const [epsilon, wanted] of Object.entries(counts)) {
      const difference = Math.abs(count(ours, 10, Number(epsilon)) - wanted);
      expect(difference, `${at}: ${side} count at ${epsilon}`).toBeLessThanOrEqual(near(theirs, 10, Number(epsilon)));
    }
    expect(theirs).toHaveLength(50);
    close(ours, theirs, 1e-3, `${at}: ${side} score`, (j) => separated(row.sigma_tuned, j));
  }
  for (const [k, wanted] of Object.entries(row['count_eps0.5'])) {
    const window = k === 'n' ? Math.min(m.rows, m.cols) : Number(k);
    const difference = Math.abs(count(m.left!.maxCos, window, 0.5) - wanted);
    // Deeper than its list of 50 the reference gives counts only: our own scores say which may be on either side.
    expect(difference, `${at}: count at k = ${k}`).toBeLessThanOrEqual(near(m.left!.maxCos, window, 0.5));
  }
  close(m.sigmaTuned, row.sigma_tuned, 2e-6 * row.sigma_tuned[0]!, `${at}: sigma`);
  close(m.sigmaBase, row.sigma_base, 2e-6 * row.sigma_base[0]!, `${at}: sigma of the base`);
  relative(m.delta!.effectiveRank, row.effective_rank_change, 1e-3, `${at}: effective rank`);
  relative(m.delta!.stableRank, row.stable_rank.change, 1e-3, `${at}: stable rank`);
  relative(m.delta!.frobenius, row.frobenius.change, 1e-4, `${at}: norm`);
  expect(m.residual ?? 0, `${at}: residual`).toBeLessThan(1e-4);
}

/** A singular value whose vectors are well defined: neighbours at least 0.1 % of the largest away. */
export function separated(sigma: readonly number[], j: number): boolean {
  const gap = (a: number, b: number) =>
    a >= 0 && b < sigma.length && Math.abs(sigma[a]! - sigma[b]!) > 1e-3 * sigma[0]!;
  return (j === 0 || gap(j - 1, j)) && gap(j, j + 1);
}

type Numbers = readonly number[];

/** Every number of the reference, in one assertion: one a number takes longer than the run it looks at. */
function close(
  ours: Numbers,
  theirs: Numbers,
  within: number,
  what: string,
  looked: (j: number) => boolean = () => true,
): void {
  const off = theirs.flatMap((wanted, j) =>
    looked(j) && !(Math.abs(ours[j]! - wanted) < within) ? [`${what} ${j} is ${ours[j]}, not ${wanted}`] : [],
  );
  expect(off).toEqual([]);
}

function relative(ours: number, wanted: number, tolerance: number, what: string): void {
  expect(Math.abs(ours - wanted) / wanted, `${what} is ${ours}, the reference has ${wanted}`).toBeLessThan(tolerance);
}
