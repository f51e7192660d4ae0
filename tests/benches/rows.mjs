// The rows of the benchmark: each with an id, its files, and how each contender is to run.
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { at } from '../../tools/paths.mjs';
import { makeAdapters, makeModel } from './data/make.mjs';
import { makeReport } from './data/report.mjs';
import { robertaBase, single } from './data/shapes.mjs';
import { losses } from './losses.mjs';
import { makeSevenB } from './seven-b.mjs';

const CORES = cpus().length;
const KINDS = ['lora16', 'full'];

const ROW = { task: 'count', threads: CORES, query: {} };

/** One matrix and one fine-tune of it. `peers`: small enough for other browser libraries. */
const pair = (rows, cols, mode, peers) =>
  KINDS.map((kind) => ({
    ...ROW,
    id: `pair-${rows}x${cols}-${kind}-${mode}`,
    mode,
    peers,
    shape: [rows, cols],
    files: (folder) => makeModel(folder, single(rows, cols), kind),
  }));

const pairs = [
  ...pair(768, 768, 'exact', true),
  ...pair(3072, 768, 'exact', true),
  ...pair(1024, 1024, 'certified', false),
  ...pair(2048, 2048, 'certified', true),
  ...pair(4096, 4096, 'certified', false),
  ...pair(4096, 11008, 'certified', false),
];

/** The builds, to see what threads and wider instructions bring, each by itself: they are compared on one thread. */
const variants = [
  ['threads-1', 1, {}],
  ['threads-2', 2, {}],
  ['simd', 1, { build: 'simd' }],
  ['relaxed', 1, { build: 'relaxed' }],
];
const scaling = pairs
  .filter(({ id }) => /(3072x768|2048x2048)-lora16/.test(id))
  .flatMap((row) =>
    variants.map(([name, threads, query]) => ({
      ...row,
      id: `${name}-${row.id}`,
      threads,
      peers: false,
      query: { ...query, threads },
    })),
  );

// The sample's manifest names its base first.
function sample() {
  const folder = at('www/public/sample');
  const folders = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')).files.map((file) =>
    join(folder, dirname(file.path)),
  );
  const [base, ...tuned] = new Set(folders);
  return { folder, base, tuned };
}

const models = [
  { ...ROW, id: 'model-minilm-sample', mode: 'exact', files: sample },
  ...['lora8', 'full'].map((kind) => ({
    ...ROW,
    id: `model-roberta-base-${kind}`,
    mode: 'exact',
    files: (folder) => makeModel(folder, robertaBase(), kind),
  })),
];

/** The sample's adapters alone, for PEFT's own detector; it needs torch and peft. */
const detector = {
  ...ROW,
  id: 'detect-minilm-adapters',
  mode: 'auto',
  peft: true,
  named: true,
  files(folder) {
    const { base, tuned } = sample();
    const own = (from) => {
      const to = join(folder, basename(from));
      cpSync(from, to, { recursive: true });
      return to;
    };
    return { base: own(base), tuned: tuned.filter((from) => existsSync(join(from, 'adapter_config.json'))).map(own) };
  },
};

/** NumPy does each of these adapters from the start, as the paper's script would. */
const adapters = {
  ...ROW,
  id: 'adapters8-4096x4096',
  mode: 'certified',
  each: true,
  files: (folder) => makeAdapters(folder, single(4096, 4096), 8, 16),
};

/** Of the change alone. All begin with the numbers in memory. */
const eranks = KINDS.map((kind) => ({
  ...ROW,
  id: `erank-4096x4096-${kind}`,
  task: 'erank',
  shape: [4096, 4096],
  rank: kind === 'full' ? 0 : 16,
  files: (folder) => makeModel(folder, single(4096, 4096), kind),
}));

const gemm = { ...ROW, id: 'gemm-1024', task: 'multiply', threads: 1, n: 1024, flop: 2 * 1024 ** 3, files: () => ({}) };

/** A slider moved on the results of 32 layers of 7 matrices in 8 models: what one frame of it takes. */
const redraw = {
  ...ROW,
  id: 'redraw-224x8',
  task: 'redraw',
  files(folder) {
    const report = join(folder, 'report.json');
    writeFileSync(report, JSON.stringify(makeReport(32)));
    return { report };
  },
};

/** Gigabytes on the disk and minutes of work: only when named. */
const stream = { ...ROW, id: 'stream-llama-7b', task: 'stream', mode: 'auto', named: true, runs: 1, files: makeSevenB };

export const rows = [
  gemm,
  ...pairs,
  ...models,
  detector,
  adapters,
  ...eranks,
  redraw,
  ...scaling,
  stream,
  ...losses.map((row) => ({ ...ROW, ...row })),
];

/** Of the paper's algorithm on one matrix: `gesdd` with thin vectors twice, and one product of the left ones. */
export function paperFlop({ task, shape }) {
  if (task !== 'count' || !shape) return undefined;
  const [n, m] = shape.toSorted((a, b) => a - b);
  // To bidiagonal form, its divide and conquer, the two sides' vectors back; a long side first goes through QR.
  const square = (8 / 3 + 3 + 4) * n ** 3;
  const svd = m === n ? square : square + 4 * m * n * n - (4 / 3) * n ** 3 + 2 * m * n * n;
  return 2 * svd + 2 * shape[0] * n * n;
}

/** Grows as the time of an SVD does. */
export const work = ({ shape: [rows, cols] }) => rows * cols * Math.min(rows, cols);
