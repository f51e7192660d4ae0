/** The contract of docs/report.md, `lorascope-report/1`: every field, its type, and what must agree within one report. */
import { expect } from '@playwright/test';

interface Similarity {
  rows: number;
  cols: number;
  values: number[];
}
interface Match {
  maxCos: number[];
  maxCosUpper?: number[];
  argmax: number[];
  tiedCos?: number[];
  signedCos?: number[];
  vectors?: Similarity;
}
export interface Matrix {
  name: string;
  layer: number | null;
  type: string | null;
  rows: number;
  cols: number;
  status: string;
  mode?: string | null;
  reason: string | null;
  sigmaBase: number[];
  sigmaTuned: number[];
  left: Match | null;
  right: Match | null;
  intruders: number | null;
  delta: { effectiveRank: number; stableRank: number; frobenius: number; sigma: number[] } | null;
  similarity: Similarity | null;
  follows?: Similarity;
  residual: number | null;
  certified: boolean;
  seconds: number;
}
export interface Model {
  label: string;
  kind: string;
  rank: number | null;
  alpha: number | null;
  scale: number | null;
  files: { name: string; size: number }[];
  matching: { rules: string[]; matched: number; total: number; unmatched: string[]; onlyInBase: string[] };
  matrices: Matrix[];
  totals: {
    intruders: number;
    matrices: number;
    unchanged: number;
    skipped: number;
    failed: number;
    meanEffectiveRank: number | null;
    meanChangeRatio: number | null;
  };
}
export interface Report {
  schema: string;
  generator: { name: string; version: string; build: string; threads: number };
  settings: { k: number; epsilon: number; side: string; cosine: string; svd: string; mode: string; preset: string };
  base: { label: string; files: { name: string; size: number }[] };
  models: Model[];
}

type Check = (value: unknown, at: string) => void;
const text: Check = (v, at) => expect(typeof v, at).toBe('string');
const flag: Check = (v, at) => expect(typeof v, at).toBe('boolean');
const num: Check = (v, at) => expect(Number.isFinite(v), `${at} is ${String(v)}`).toBe(true);
const whole: Check = (v, at) => expect(Number.isInteger(v) && (v as number) >= 0, `${at} is ${String(v)}`).toBe(true);
const one =
  (...words: string[]): Check =>
  (v, at) =>
    expect(words, at).toContain(v);
const orNull =
  (check: Check): Check =>
  (v, at) =>
    v === null || check(v, at);
const list =
  (check: Check): Check =>
  (v, at) => {
    expect(Array.isArray(v), at).toBe(true);
    (v as unknown[]).forEach((item, i) => check(item, `${at}[${i}]`));
  };
/** Thousands of numbers: one assertion for all of them. */
const numbers: Check = (v, at) =>
  expect(Array.isArray(v) && v.every(Number.isFinite), `${at} holds finite numbers`).toBe(true);
/** Every named field must be there; more may be added later. */
const object =
  (fields: Record<string, Check>, optional: Record<string, Check> = {}): Check =>
  (v, at) => {
    expect(v !== null && typeof v === 'object', at).toBe(true);
    const value = v as Record<string, unknown>;
    for (const [key, check] of Object.entries(fields)) {
      expect(Object.hasOwn(value, key), `${at}.${key} is there`).toBe(true);
      check(value[key], `${at}.${key}`);
    }
    for (const [key, check] of Object.entries(optional))
      if (Object.hasOwn(value, key)) check(value[key], `${at}.${key}`);
  };

const files = list(object({ name: text, size: whole }));
const similarity = object({ rows: whole, cols: whole, values: numbers });
const match = object(
  { maxCos: numbers, argmax: numbers },
  {
    maxCosUpper: numbers,
    tiedCos: numbers,
    signedCos: numbers,
    makeup: object({ spread: numbers, block: numbers, blockFirst: numbers }, { outside: numbers }),
    turns: object({ tuned: numbers, base: numbers }),
    vectors: similarity,
  },
);
const matrix = object(
  {
    name: text,
    layer: orNull(whole),
    type: orNull(text),
    rows: whole,
    cols: whole,
    status: one('analyzed', 'unchanged', 'skipped', 'failed'),
    reason: orNull(text),
    sigmaBase: numbers,
    sigmaTuned: numbers,
    left: orNull(match),
    right: orNull(match),
    intruders: orNull(whole),
    delta: orNull(
      object(
        { effectiveRank: num, stableRank: num, frobenius: num, sigma: numbers },
        { effectiveRankError: num, floor: object({ sigma: num, above: whole, effectiveRank: num }) },
      ),
    ),
    similarity: orNull(similarity),
    residual: orNull(num),
    certified: flag,
    seconds: num,
  },
  { mode: orNull(one('exact', 'certified')), follows: similarity },
);
const report = object({
  schema: one('lorascope-report/1'),
  generator: object(
    {
      name: one('lorascope'),
      version: text,
      build: one('threads+relaxed-simd', 'threads+simd', 'simd', 'scalar'),
      threads: whole,
    },
    { engine: whole },
  ),
  settings: object({
    k: whole,
    epsilon: num,
    side: one('left', 'right', 'both'),
    cosine: one('absolute', 'signed'),
    svd: one('thin'),
    mode: one('exact', 'certified', 'auto'),
    preset: text,
  }),
  base: object({ label: text, files }),
  models: list(
    object({
      label: text,
      kind: text,
      rank: orNull(whole),
      alpha: orNull(num),
      scale: orNull(num),
      files,
      matching: object({
        rules: list(text),
        matched: whole,
        total: whole,
        unmatched: list(text),
        onlyInBase: list(text),
      }),
      matrices: list(matrix),
      totals: object({
        intruders: whole,
        matrices: whole,
        unchanged: whole,
        skipped: whole,
        failed: whole,
        meanEffectiveRank: orNull(num),
        meanChangeRatio: orNull(num),
      }),
    }),
  ),
});

export function checkReport(value: unknown): asserts value is Report {
  report(value, 'report');
  const { settings, models } = value as Report;
  for (const model of models) {
    for (const m of model.matrices) agree(`${model.label} ${m.name}`, m, settings);
    const { totals, matrices } = model;
    const ranks = matrices.flatMap((m) => (m.delta ? [m.delta.effectiveRank] : []));
    expect(totals.matrices).toBe(matrices.length);
    expect(totals.intruders).toBe(matrices.reduce((sum, m) => sum + (m.intruders ?? 0), 0));
    for (const status of ['unchanged', 'skipped', 'failed'] as const)
      expect(totals[status]).toBe(matrices.filter((m) => m.status === status).length);
    expect(totals.meanEffectiveRank).toBeCloseTo(ranks.reduce((a, b) => a + b, 0) / ranks.length, 9);
  }
}

/** The lengths, ranges and orders that the contract promises of an analyzed matrix; one that was not says why. */
function agree(at: string, m: Matrix, settings: Report['settings']): void {
  if (m.status !== 'analyzed') {
    expect(m.left !== null || m.reason !== null, `${at}: a reason`).toBe(true);
    return;
  }
  const n = Math.min(m.rows, m.cols);
  for (const [name, sigma] of [
    ['sigmaBase', m.sigmaBase],
    ['sigmaTuned', m.sigmaTuned],
    ['delta.sigma', m.delta!.sigma],
  ] as const) {
    expect(
      sigma.every((s, j) => s >= 0 && (j === 0 || s <= sigma[j - 1]!)),
      `${at}: ${name} descends`,
    ).toBe(true);
  }
  // A certified matrix ends with the vectors that were computed.
  const vectors = m.mode === 'certified' ? (m.left ?? m.right)!.maxCos.length : n;
  expect(vectors, `${at}: some vectors, at most all`).toBeGreaterThan(0);
  expect(vectors, `${at}: some vectors, at most all`).toBeLessThanOrEqual(n);
  expect(m.sigmaTuned.length, `${at}: sigmaTuned`).toBeGreaterThanOrEqual(vectors);
  for (const side of [m.left, m.right]) {
    if (!side) continue;
    expect([side.maxCos.length, side.argmax.length], at).toEqual([vectors, vectors]);
    for (const high of [side.maxCosUpper, side.tiedCos]) {
      if (high)
        expect(
          high.length === vectors && high.every((c, j) => c >= side.maxCos[j]! - 1e-6 && c <= 1),
          `${at}: bounds lie above`,
        ).toBe(true);
    }
    const signed = side.signedCos;
    expect(signed !== undefined, `${at}: signs in exact mode`).toBe(m.mode === 'exact');
    const below = signed?.every((c, j) => c >= -1 && c <= side.maxCos[j]!);
    if (signed) expect(signed.length === vectors && below, `${at}: signed below absolute`).toBe(true);
    expect(
      side.maxCos.every((c) => c >= 0 && c <= 1),
      `${at}: cosines in [0, 1]`,
    ).toBe(true);
    expect(
      side.argmax.every((i) => Number.isInteger(i) && i >= 0 && i < n),
      `${at}: argmax`,
    ).toBe(true);
  }
  // Counted is what is below for certain.
  const scores = m.left!.maxCosUpper ?? m.left!.maxCos;
  expect(m.intruders, `${at}: intruders follow the settings`).toBe(
    scores.slice(0, settings.k).filter((c) => c < settings.epsilon).length,
  );
  for (const [name, s] of [
    ['similarity', m.similarity!],
    ['right', m.right?.vectors],
    ['follows', m.follows],
  ] as const) {
    if (s)
      expect(s.values.length === s.rows * s.cols && s.values.every((c) => c >= 0 && c <= 1), `${at}: ${name}`).toBe(
        true,
      );
  }
  expect(m.certified || m.reason !== null, `${at}: what is not certain says why`).toBe(true);
}
