/** What the page makes of results without computing: intervals, what they leave open, how they are kept; and the engine's line. */
import { expect, test } from '@playwright/test';
import { Gate } from '../../www/gate';
import { resultsOf, tiedVectors, windowOf } from '../../www/intervals';
import { certified, modeFrom, short, sideless, taskOf, ways } from '../../www/modes';
import { pack, sizeOf, unpack } from '../../www/pack';
import { defaults, setK, setSide, type State } from '../../www/state';
import type { Match, Matrix, Outcome, Plan, Settings, Side } from '../../www/wasm/simd/lorascope';

const match = (maxCos: number[], maxCosUpper?: number[], tiedCos?: number[]): Match =>
  ({ maxCos, argmax: maxCos.map(() => 0), maxCosUpper, tiedCos }) as Match;
const matrix = (parts: Partial<Matrix>) =>
  ({ rows: 40, cols: 40, status: 'analyzed', mode: 'certified', ...parts }) as Matrix;
const bounded = matrix({ left: match([0.1, 0.9, 0.4], [0.3, 0.9, 0.6], [0.1, 0.9, 0.95]) });
const exact = matrix({ mode: 'exact', left: match(Array(40).fill(0.8)), right: match(Array(40).fill(0.7)) });

const rule = (side: Side, k: number, epsilon = 0.5): Settings => ({ ...defaults().settings, side, k, epsilon });

function state(...all: Matrix[]): State {
  const plan = {
    matrices: all.map((m, at) => ({ name: `m${at}`, rows: m.rows, cols: m.cols, models: [0] })),
  } as unknown as Plan;
  return {
    ...defaults(),
    plan,
    results: new Map(all.map((m, at): [number, Outcome[]] => [at, [{ model: 0, matrix: m }]])),
  };
}

test('best matches are intervals, and for both sides the larger one decides', () => {
  expect(windowOf(bounded, rule('left', 2))).toEqual([
    { low: 0.1, high: 0.3 },
    { low: 0.9, high: 0.9 },
  ]);
  expect([
    windowOf(bounded, rule('right', 2)),
    windowOf(bounded, rule('both', 2)),
    windowOf(undefined, rule('left', 2)),
  ]).toEqual([[], [], []]);
  const both = matrix({ left: match([0.1, 0.9], [0.3, 0.9]), right: match([0.2, 0.1]) });
  expect(windowOf(both, rule('both', 5))).toEqual([
    { low: 0.2, high: 0.3 },
    { low: 0.9, high: 0.9 },
  ]);
  const s = state(bounded, exact);
  expect([resultsOf(s, 'm1'), resultsOf(s, 'other')]).toEqual([[exact], []]);
});

test('with signs the signed matches are looked at, where they are known', () => {
  const signed = { ...rule('left', 2), cosine: 'signed' } as const;
  expect(windowOf(bounded, signed)).toEqual([]);
  const known = matrix({ left: { ...match([0.9, 0.8]), signedCos: [-0.1, 0.8] } });
  expect(windowOf(known, signed)).toEqual([
    { low: -0.1, high: -0.1 },
    { low: 0.8, high: 0.8 },
  ]);
});

test('tied vectors are those counted that lie within a space of equals', () => {
  expect(tiedVectors(bounded, rule('left', 3, 0.7))).toEqual({ places: [2], cosine: 0.95 });
  // At 0.5 the third is undecided, so nothing is said of it.
  expect(tiedVectors(bounded, rule('left', 3, 0.5)).places).toEqual([]);
  expect(tiedVectors(exact, rule('left', 3, 0.9)).places).toEqual([]);
});

test('what results leave open', () => {
  const s = state(bounded, exact);
  expect([certified(s), short(setK(s, 3)).matrices, short(setK(s, 4))]).toEqual([
    [0],
    [],
    { matrices: [0], vectors: 3 },
  ]);
  expect(ways(state(bounded, exact, matrix({ mode: undefined, status: 'unchanged' })))).toEqual({
    exact: 1,
    certified: 1,
  });
  expect([sideless(s), sideless(setSide(s, 'right')), sideless(setSide(s, 'both'))]).toEqual([[], [0], [0]]);
  expect(['?mode=exact', '?mode=certified', '?mode=fast', ''].map(modeFrom)).toEqual([
    'exact',
    'certified',
    'auto',
    'auto',
  ]);
  expect(taskOf(s)).toEqual({ mode: 'auto', k: 10, epsilon: 0.5, side: 'left' });
});

test('packed results come back as they were, and take four bytes a number of single precision', () => {
  const single = Array.from({ length: 100 }, (_, i) => Math.fround(1 / (i + 1)));
  const value = {
    name: 'm',
    layer: undefined,
    none: null,
    single,
    double: single.map((n) => n / 3),
    short: [0.5],
    nested: [{ whole: single.map((_, i) => i) }],
    zero: Array(9).fill(-0),
  };
  const packed = pack(value) as Record<string, unknown>;
  expect(packed['single']).toBeInstanceOf(Float32Array);
  expect(Array.isArray(packed['double'])).toBe(true);
  expect(unpack(structuredClone(packed))).toEqual(value);
  expect(sizeOf(pack(single))).toBe(400);
});

test('the gate lets so many through at once, in the order of asking', async () => {
  const gate = new Gate(2);
  const entered: number[] = [];
  const enter = async (n: number) => {
    await gate.enter();
    entered.push(n);
  };
  const all = [1, 2, 3, 4].map(enter);
  await Promise.all(all.slice(0, 2));
  expect(entered).toEqual([1, 2]);
  gate.leave();
  await all[2];
  expect(entered).toEqual([1, 2, 3]);
  gate.leave();
  gate.leave();
  await all[3];
  await gate.enter();
  expect(entered).toEqual([1, 2, 3, 4]);
});
