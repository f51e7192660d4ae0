/** The page's pure functions: numbers as printed, the order of the table, the state's changes, the cost of a run. */
import { expect, test } from '@playwright/test';
import { remaining } from '../../www/cost';
import { bytes, count, counted, duration, fixed, rank } from '../../www/format';
import { sorted } from '../../www/sort';
import * as change from '../../www/state';
import type { MatrixRow, Plan } from '../../www/wasm/simd/lorascope';

test('numbers as the page prints them', () => {
  expect([count(114688), count(-1200)]).toEqual(['114,688', '\u22121,200']);
  expect([counted(1, 'file'), counted(2, 'file'), counted(0, 'matrix', 'matrices')]).toEqual(['1 file', '2 files', '0 matrices']);
  expect([fixed(null, 2), fixed(undefined, 2), fixed(-0.5, 1)]).toEqual(['–', '–', '\u22120.5']);
  expect([rank(7.25), rank(99.96), rank(171.98)]).toEqual(['7.3', '100.0', '172']);
  expect([bytes(999), bytes(1000), bytes(7_078_592), bytes(999_600), bytes(27_700_000_000)]).toEqual(['999 B', '1.0 kB', '7.1 MB', '1.0 MB', '27.7 GB']);
  expect([duration(0.01), duration(0.31), duration(42), duration(840), duration(7560)]).toEqual(['under 0.1 s', '0.3 s', '42 s', '14 min', '2.1 h']);
});

const row = (name: string, layer: number | undefined, intruders: number | undefined) =>
  ({ name, layer, typeLabel: name, rows: 2, cols: 2, cells: [intruders === undefined ? null : { intruders }] }) as unknown as MatrixRow;

test('rows without a number come last in both directions, equal rows keep their order', () => {
  const rows = [row('a', 0, 1), row('b', 0, undefined), row('c', undefined, 3), row('d', 1, 1)];
  const by = (column: change.Sort['column'], descending: boolean) => sorted(rows, { column, model: 0, descending }).map((r) => r.name).join('');
  expect([by('intruders', true), by('intruders', false)]).toEqual(['cadb', 'adcb']);
  expect([by('layer', true), by('layer', false)]).toEqual(['dabc', 'abdc']);
  expect(by('name', true)).toBe('dcba');
  expect(sorted(rows, undefined).map((r) => r.name).join('')).toBe('abcd');
});

const plan = { matrices: [{ rows: 4, cols: 4, models: [0] }, { rows: 2, cols: 8, models: [0] }, { rows: 8, cols: 8, models: [0, 1] }] } as unknown as Plan;

test('a run that ends early is cancelled, a complete one is done', () => {
  const s = { ...change.defaults(), plan };
  const running = change.started(s, 1000);
  expect([running.status, running.run.asked]).toEqual(['running', [0, 1, 2]]);
  const one = change.computed(change.begun(running, 1), 1, [], 3000);
  expect([[...one.run.current], one.run.seconds, change.missing(one)]).toEqual([[], 2, [0, 2]]);
  expect(change.ended(one, 4000).status).toBe('cancelled');
  const again = change.started(change.ended(one, 4000), 9000);
  expect([again.run.asked, again.run.before]).toEqual([[0, 2], 3]);
  const all = [0, 2].reduce((state, at) => change.computed(state, at, [], 10_000), again);
  expect(change.ended(all, 10_000).status).toBe('done');
});

test('dials stay within their ranges, and a second click turns a column around', () => {
  const s = { ...change.defaults(), plan };
  expect([change.setK(s, 0).settings.k, change.setK(s, 500).settings.k]).toEqual([1, 8]);
  expect([change.setEpsilon(s, -1), change.setEpsilon(s, 0.333), change.setEpsilon(s, 7)].map((x) => x.settings.epsilon)).toEqual([0, 0.33, 1]);
  const first = change.sortBy(s, 'intruders', 1);
  expect([first.sort?.descending, change.sortBy(first, 'intruders', 1).sort?.descending, change.sortBy(first, 'intruders', 0).sort?.descending]).toEqual([true, false, true]);
  expect(change.sortBy(s, 'name').sort?.descending).toBe(false);
});

test('starting over forgets the files and keeps the machine', () => {
  const engine = { build: 'simd', threads: 1, why: '' };
  const s = change.startOver({ ...change.defaults(), plan, status: 'done', engine, shortcuts: false, results: new Map([[0, []]]) });
  expect(s).toEqual({ ...change.defaults(), engine, shortcuts: false });
});

test('the time left follows the work that is done', () => {
  // Work: rows x cols x the smaller side x one decomposition more than there are models.
  const [a, b, c] = [4 * 4 * 4 * 2, 2 * 8 * 2 * 2, 8 * 8 * 8 * 3];
  expect(remaining(plan, [0, 1, 2], new Set(), 5)).toBeUndefined();
  expect(remaining(plan, [0, 1, 2], new Set([0]), 5)).toBeCloseTo((5 * (b + c)) / a, 9);
  expect(remaining(plan, [0, 1], new Set([0, 1]), 5)).toBe(0);
});

test('a folder is not taken twice, but bare files that only look alike are both kept', () => {
  const file = (path: string) => ({ path, file: new File(['x'], 'model.safetensors', { lastModified: 1 }) });
  const twice = (path: string) => change.addFiles(change.addFiles(change.defaults(), [file(path)]), [file(path)]).files.length;
  expect([twice('base/model.safetensors'), twice('model.safetensors')]).toEqual([1, 2]);
});
