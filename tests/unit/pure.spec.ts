/** The page's pure functions: numbers as printed, the order of the table, the state's changes, the cost of a run. */
import { expect, test } from '@playwright/test';
import { exactSeconds, remaining } from '../../www/state/cost';
import { bytes, count, counted, duration, fixed, interval, undecided } from '../../www/text/format';
import { following } from '../../www/state/navigation';
import * as runs from '../../www/state/run';
import * as change from '../../www/state/state';
import type { Mode, Outcome, Plan } from '../../www/wasm/simd/lorascope';

test('numbers as the page prints them', () => {
  expect([count(114688), count(-1200)]).toEqual(['114,688', '\u22121,200']);
  expect([counted(1, 'file'), counted(2, 'file'), counted(0, 'matrix', 'matrices')]).toEqual([
    '1 file',
    '2 files',
    '0 matrices',
  ]);
  expect([fixed(null, 2), fixed(undefined, 2), fixed(-0.5, 1)]).toEqual(['–', '–', '\u22120.5']);
  expect([bytes(999), bytes(1000), bytes(7_078_592), bytes(999_600), bytes(27_700_000_000)]).toEqual([
    '999 B',
    '1.0 kB',
    '7.1 MB',
    '1.0 MB',
    '27.7 GB',
  ]);
  expect([duration(0.01), duration(0.31), duration(42), duration(840), duration(7560)]).toEqual([
    'under 0.1 s',
    '0.3 s',
    '42 s',
    '14 min',
    '2.1 h',
  ]);
});

test('what is not known exactly says so', () => {
  const between = (low: number, high: number) => interval([low, high], 2);
  expect([between(0.268, 0.272), between(0.06, 0.27), between(0.001, 0.27), interval(undefined, 2)]).toEqual([
    '0.27',
    '0.06–0.27',
    '≤ 0.27',
    '–',
  ]);
  expect([undecided(3, 0), undecided(3, 1), undecided(1200, 2)]).toEqual([
    '3',
    '3 + 1 undecided',
    '1,200 + 2 undecided',
  ]);
});

const plan = {
  matrices: [
    { rows: 4, cols: 4, models: [0], flops: 100 },
    { rows: 2, cols: 8, models: [0], flops: 200 },
    { rows: 8, cols: 8, models: [0, 1], flops: 300 },
  ],
} as unknown as Plan;

const outcome = (mode: Mode | undefined, status = 'analyzed') =>
  ({ model: 0, matrix: { status, mode } }) as unknown as Outcome;
const came = (mode: Mode | undefined = 'exact', earlier = false, trouble = '') => ({
  outcomes: [outcome(mode)],
  earlier,
  trouble,
});

test('a run that ends early is cancelled, a complete one is done', () => {
  const s = { ...change.defaults(), plan };
  const running = runs.started(s, 1000);
  expect([running.status, running.run.asked]).toEqual(['running', [0, 1, 2]]);
  const one = runs.computed(runs.begun(running, 1), 1, came(), 3000);
  expect([[...one.run.current], one.run.seconds, runs.missing(one)]).toEqual([[], 2, [0, 2]]);
  expect(runs.ended(one, 4000).status).toBe('cancelled');
  const again = runs.started(runs.ended(one, 4000), 9000);
  expect([again.run.asked, again.run.before]).toEqual([[0, 2], 3]);
  const all = [0, 2].reduce((state, at) => runs.computed(state, at, came(), 10_000), again);
  expect(runs.ended(all, 10_000).status).toBe('done');
});

test('a mode asks only for what the results lack: exact answers all, and what failed is not certified', () => {
  const results = new Map([
    [0, [outcome('certified')]],
    [1, [outcome('exact')]],
    [2, [outcome(undefined, 'failed')]],
  ]);
  const lacking = (mode: Mode) => runs.missing(change.setMode({ ...change.defaults(), plan, results }, mode));
  expect([lacking('auto'), lacking('certified'), lacking('exact')]).toEqual([[], [], [0]]);
  expect(change.defaults().settings.mode).toBe('auto');
});

test('a matrix computed again keeps its result until the new one is there', () => {
  const results = new Map([0, 1, 2].map((at) => [at, [outcome('certified')]]));
  const done = { ...change.defaults(), plan, results, status: 'done' as const };
  const again = runs.started(done, 0, [1], 'exact');
  expect([again.results.size, runs.finishedCount(again), runs.finished(again, 1), runs.finished(again, 0)]).toEqual([
    3,
    2,
    false,
    true,
  ]);
  const stopped = runs.ended(again, 10);
  expect([stopped.status, stopped.results.get(1), runs.finishedCount(stopped)]).toEqual([
    'cancelled',
    results.get(1),
    3,
  ]);
  const better = runs.computed(again, 1, came(), 10);
  expect([better.results.get(1)?.[0]?.matrix.mode, runs.finishedCount(better), runs.ended(better, 10).status]).toEqual([
    'exact',
    3,
    'done',
  ]);
});

test('what came from an earlier visit is counted apart, and the first reason why nothing is kept stays', () => {
  const first = runs.computed(runs.started({ ...change.defaults(), plan }, 0), 0, came('exact', true), 10);
  const second = runs.computed(first, 1, came('exact', false, 'full'), 20);
  const third = runs.computed(second, 2, came('exact', false, 'refused'), 30);
  expect([[...third.earlier], third.storeNotice]).toEqual([[0], 'full']);
  expect([...runs.computed(third, 0, came(), 40).earlier]).toEqual([]);
});

test('dials stay within their ranges, and a second click turns a column around', () => {
  const s = { ...change.defaults(), plan };
  expect([change.setK(s, 0).settings.k, change.setK(s, 500).settings.k]).toEqual([1, 8]);
  // A slider ends where it can still be held; what is typed goes as far as there are vectors.
  const wide = { ...s, plan: { ...plan, matrices: [...plan.matrices, { rows: 384, cols: 1536 }] } as unknown as Plan };
  expect([change.maxK(wide), change.longestK(wide), change.setK(wide, 1e9).settings.k]).toEqual([100, 384, 384]);
  expect([change.setK(wide, 2.5).settings.k, change.setK(wide, -1e300).settings.k]).toEqual([3, 1]);
  expect(
    [change.setEpsilon(s, -1), change.setEpsilon(s, 0.333), change.setEpsilon(s, 7)].map((x) => x.settings.epsilon),
  ).toEqual([0, 0.33, 1]);
  const first = change.sortBy(s, 'intruders', 1);
  expect([
    first.sort?.descending,
    change.sortBy(first, 'intruders', 1).sort?.descending,
    change.sortBy(first, 'intruders', 0).sort?.descending,
  ]).toEqual([true, false, true]);
  expect(change.sortBy(s, 'name', 0, true).sort?.descending).toBe(false);
});

test('a rule that keeps the sign counts at random, whichever preset it came with', () => {
  const { settings } = change.defaults();
  expect([change.atRandom({ settings }), change.atRandom({ settings: { ...settings, cosine: 'signed' } })]).toEqual([
    false,
    true,
  ]);
});

test('the next name is looked for to the end and from the beginning, and is never the same', () => {
  const names = ['a', 'b', 'c', 'd'];
  const next = (one: string | undefined, ...those: string[]) => following(names, one, (name) => those.includes(name));
  expect([next('b', 'a', 'b', 'd'), next('b', 'a', 'b'), next('d', 'a'), next('a', 'd')]).toEqual(['d', 'a', 'a', 'd']);
  expect([next('b', 'b'), next('b')]).toEqual([undefined, undefined]);
  expect([next(undefined, 'a'), next('elsewhere', 'd')]).toEqual(['a', 'd']);
  expect(following([], 'a', () => true)).toBeUndefined();
});

test('starting over forgets the files and keeps the machine', () => {
  const engine = { build: 'simd', threads: 1, why: '' };
  const kept = { results: 3, bytes: 12 };
  const used = {
    ...change.defaults(),
    plan,
    status: 'done' as const,
    engine,
    shortcuts: false,
    kept,
    results: new Map([[0, []]]),
  };
  const s = change.startOver(change.setMode(used, 'certified'));
  expect(s).toEqual(change.setMode({ ...change.defaults(), engine, shortcuts: false, kept }, 'certified'));
});

test('the time left follows the work that is done, and what was only fetched says nothing about it', () => {
  const left = (s: change.State) => remaining(plan, s.run, s.earlier);
  const running = runs.started({ ...change.defaults(), plan }, 0);
  expect(left(running)).toBeUndefined();
  const fetched = runs.computed(running, 0, came('exact', true), 4000);
  expect(left(fetched)).toBeUndefined();
  // 200 operations in the 5 seconds after the last fetched one, 300 are ahead.
  const one = runs.computed(fetched, 1, came(), 9000);
  expect(left(one)).toBeCloseTo((5 * 300) / 200, 9);
  expect(left(runs.computed(one, 2, came(), 12_000))).toBe(0);
});

test('an exact run is estimated by the decompositions it makes, at the measured speed', () => {
  const one = runs.computed(runs.started({ ...change.defaults(), plan }, 0, [0], 'auto'), 0, came(), 2000);
  const svd = 4 * 8 * 64 + 9 * 512;
  const exact = svd + 2 * (svd + 2 * 64 * 16 + 2 * 8 * 64);
  // 100 operations took two seconds.
  expect(exactSeconds(plan, [2], one.run, one.earlier, 2)).toBeCloseTo(exact / 50, 9);
});

test('a folder is not taken twice, but bare files that only look alike are both kept', () => {
  const file = (path: string) => ({ path, file: new File(['x'], 'model.safetensors', { lastModified: 1 }) });
  const twice = (path: string) =>
    change.addFiles(change.addFiles(change.defaults(), [file(path)]), [file(path)]).files.length;
  expect([twice('base/model.safetensors'), twice('model.safetensors')]).toEqual([1, 2]);
});
