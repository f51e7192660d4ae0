/** Results as the page sees them, without computing: what they leave open, how they are kept; and the engine's line. */
import { expect, test } from '@playwright/test';
import { Gate } from '../../www/engine/gate';
import { certified, modeFrom, short, sideless, taskOf, ways } from '../../www/state/modes';
import { pack, sizeOf, unpack } from '../../www/engine/pack';
import { defaults, setK, setSide, type State } from '../../www/state/state';
import type { Match, Matrix, Outcome, Plan } from '../../www/wasm/simd/lorascope';

const match = (maxCos: number[], maxCosUpper?: number[]): Match =>
  ({ maxCos, argmax: maxCos.map(() => 0), maxCosUpper }) as Match;
const matrix = (parts: Partial<Matrix>) =>
  ({ rows: 40, cols: 40, status: 'analyzed', mode: 'certified', ...parts }) as Matrix;
const bounded = matrix({ left: match([0.1, 0.9, 0.4], [0.3, 0.9, 0.6]) });
const exact = matrix({ mode: 'exact', left: match(Array(40).fill(0.8)), right: match(Array(40).fill(0.7)) });

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

test('results are looked through once for each question, and anew when one comes', () => {
  const s = state(bounded, exact);
  expect(certified(setK(s, 3))).toBe(certified(s));
  const grown = { ...s, results: new Map(s.results).set(1, s.results.get(0)!) };
  expect([certified(s), certified(grown)]).toEqual([[0], [0, 1]]);
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
