/** Hundreds of models: their names stay apart, the tables begin with a few, and the page keeps of a result what its tables say. */
import { expect, test } from '@playwright/test';
import { shortened } from '../../www/text/names';
import { brief } from '../../www/state/result';
import { defaults, planned } from '../../www/state/state';
import { opened } from '../../www/state/stored';
import type { Outcome, Plan, Report } from '../../www/wasm/simd/lorascope';

const matrix = {
  name: 'w',
  rows: 3,
  cols: 3,
  status: 'analyzed',
  sigmaBase: [3, 2, 1],
  sigmaTuned: [4, 2, 1],
  left: { maxCos: [0.25, 0.5, 1], argmax: [2, 1, 0] },
  right: null,
  delta: { effectiveRank: 1.5, sigma: [3, 1] },
  similarity: { rows: 1, cols: 1, values: [1] },
} as unknown as Outcome['matrix'];

test('hundreds of names in little room stay apart, where no letter is one name’s own', () => {
  const names = Array.from({ length: 300 }, (_, n) => `acme-legal-contracts-run-${String(n).padStart(3, '0')}-final`);
  const short = shortened(names, 12);
  expect(new Set(short).size).toBe(300);
  for (const name of short) expect([...name].length).toBeLessThanOrEqual(12);
});

test('of a result the page keeps no map and no list twice', () => {
  const [kept] = brief([{ model: 1, matrix }]);
  expect(kept!.model).toBe(1);
  expect(kept!.matrix.left!.maxCos).toBeInstanceOf(Float32Array);
  expect(Array.from(kept!.matrix.left!.maxCos)).toEqual([0.25, 0.5, 1]);
  const { sigmaBase, sigmaTuned, delta, right } = kept!.matrix;
  expect([sigmaBase, sigmaTuned, delta?.sigma, delta?.effectiveRank, right]).toEqual([[3], [4], [3], 1.5, undefined]);
  expect('similarity' in kept!.matrix || 'argmax' in kept!.matrix.left!).toBe(false);
  const report = { models: [{ matrices: [matrix] }], settings: defaults().settings } as unknown as Report;
  expect('similarity' in opened(defaults(), report).results.get(0)![0]!.matrix).toBe(false);
});

test('results stay with the head of the report that is drawn', () => {
  const plan = { base: undefined, models: [], matrices: [{}], problems: [] } as unknown as Plan;
  const head = (label: string) => ({ base: { label }, models: [] }) as unknown as Report;
  const first = { ...planned(defaults(), plan, head('a'), 0), results: new Map([[0, []]]) };
  const again = planned(first, { ...plan }, head('a'), 0);
  expect([again.head === first.head, again.results.size]).toEqual([true, 1]);
  const other = planned(first, { ...plan }, head('b'), 0);
  expect([other.head?.base.label, other.results.size]).toEqual(['b', 0]);
});
