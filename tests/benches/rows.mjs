// What is compared: an id, the files, and how the page and NumPy are to run.
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { at } from '../../tools/paths.mjs';
import { makePair } from './make.mjs';

const CORES = cpus().length;
const SHAPES = [[768, 768], [3072, 768], [2048, 2048]];

const pair = (rows, cols, kind) => (folder) => makePair(folder, rows, cols, kind);

const pairs = SHAPES.flatMap(([rows, cols]) =>
  ['lora16', 'full'].map((kind) => ({ id: `pair-${rows}x${cols}-${kind}-exact`, files: pair(rows, cols, kind), threads: CORES, query: '' })),
);

/** What the second thread brings to either side. */
const scaling = pairs
  .filter((row) => /lora16/.test(row.id))
  .flatMap((row) => [1, 2].map((threads) => ({ ...row, id: `threads-${threads}-${row.id}`, threads, query: `?threads=${threads}` })));

// The sample's manifest names its base first.
const sample = at('www/public/sample');
const folders = JSON.parse(readFileSync(join(sample, 'manifest.json'), 'utf8')).files.map((file) => join(sample, dirname(file.path)));
const [base, ...tuned] = new Set(folders);
const model = {
  id: 'model-minilm-sample',
  files: () => ({ folder: sample, base, tuned }),
  threads: CORES,
  query: '',
};

export const rows = [...pairs, model, ...scaling];
