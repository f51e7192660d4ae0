/** The check of certified intervals against an exact result. */
import { expect, test } from '@playwright/test';
import { defaults } from '../../www/state/state';
import { sampled, verify } from '../../www/state/verify';
import type { Matrix, Outcome, Plan } from '../../www/wasm/simd/lorascope';

const outcome = (mode: 'exact' | 'certified', maxCos: number[], maxCosUpper?: number[]): Outcome[] => [
  { model: 0, matrix: { mode, rows: 9, cols: 9, left: { maxCos, maxCosUpper, argmax: [] } } as unknown as Matrix },
];

test('certified results are compared with exact ones, model by model', () => {
  const [claimed, exact] = [outcome('certified', [0.8, 0.4], [0.82, 0.6]), outcome('exact', [0.816, 0.5, 0.9])];
  const compare = () => [2, 1] as const;
  expect(verify('q', claimed, exact, compare)).toEqual({ matrix: 'q', vectors: 2, outside: 1 });
  expect(verify('q', exact, exact, compare).vectors).toBe(0);
  expect(verify('q', claimed, claimed, compare).vectors).toBe(0);
});

test('one certified matrix is chosen, and none of a run without any', () => {
  const matrix = { rows: 2000, cols: 2000, models: [0], flops: 1e9 };
  const plan = { matrices: [matrix, matrix, { ...matrix, rows: 9e4, cols: 9e4 }] } as unknown as Plan;
  const done = { ...defaults(), status: 'done' as const, plan };
  expect(sampled({ ...done, results: new Map([[0, outcome('exact', [])]]) })).toBeUndefined();
  const results = new Map([
    [0, outcome('certified', [])],
    [1, outcome('certified', [])],
    [2, outcome('certified', [])],
  ]);
  expect(sampled({ ...done, results })).toBe(1);
  expect(sampled({ ...done, results, stored: true })).toBeUndefined();
});
