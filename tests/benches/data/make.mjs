// Weights with the spectra of trained ones, and fine-tunes of them, from a seed.
import { join } from 'node:path';
import { normal, seedOf } from './random.mjs';
import { writeAdapter, writeSafetensors } from './safetensors.mjs';

// A full fine-tune moves along the directions of an adapter of this rank, too.
const RANK = 16;

/**
 * Writes `base/` and one fine-tune (`kind`: `lora8`, `lora16` or `full`) of the matrices, name -> [rows, cols], into `folder`.
 * `rest`: what a network has beside them, under whole names, name -> shape.
 */
export function makeModel(folder, shapes, kind, rest = {}) {
  writeBase(folder, shapes, rest);
  if (kind === 'full') writeSafetensors(join(folder, kind, 'model.safetensors'), tensors(shapes, fullTune));
  else writeLora(join(folder, kind), shapes, Number(kind.replace('lora', '')), '');
  return { base: join(folder, 'base'), tuned: [join(folder, kind)] };
}

/** Writes `base/` and so many LoRA adapters of it. */
export function makeAdapters(folder, shapes, count, rank) {
  writeBase(folder, shapes, {});
  const tuned = Array.from({ length: count }, (_, i) => join(folder, `adapter-${i + 1}`));
  for (const path of tuned) writeLora(path, shapes, rank, path.split('-').at(-1));
  return { base: join(folder, 'base'), tuned };
}

function writeBase(folder, shapes, rest) {
  const others = Object.entries(rest).map(([name, shape]) => [
    name,
    { shape, values: () => (shape.length === 1 ? vector(name, shape[0]) : base(name, shape)) },
  ]);
  writeSafetensors(join(folder, 'base', 'model.safetensors'), {
    ...tensors(shapes, base),
    ...Object.fromEntries(others),
  });
}

function tensors(shapes, values) {
  return Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [`${name}.weight`, { shape, values: () => values(name, shape) }]),
  );
}

/** PEFT's files; `which` tells the adapters of one base apart. */
export function writeLora(folder, shapes, rank, which) {
  const factors = Object.entries(shapes).map(([name, [rows, cols]]) => {
    const { a, b } = lora(`${name}${which}`, rows, cols, rank);
    return [name, { a: { shape: [rank, cols], values: () => a }, b: { shape: [rows, rank], values: () => b } }];
  });
  writeAdapter(folder, rank, 2 * rank, Object.fromEntries(factors));
}

/** Noise under falling row and column weights: singular values that fall as a trained matrix's do. */
function base(name, [rows, cols]) {
  const random = normal(seedOf('base', name));
  const fall = (n) => Float64Array.from({ length: n }, (_, i) => 3 * (1 + i) ** -0.35);
  const [left, right] = [fall(rows), fall(cols)];
  return fill(rows, cols, (i, j) => (random() * left[i] * right[j]) / Math.sqrt(cols));
}

/** A norm's weights are near one, all else is a bias. */
function vector(name, length) {
  const random = normal(seedOf('vector', name));
  const mean = /norm\.weight$/i.test(name) ? 1 : 0;
  return Float32Array.from({ length }, () => mean + 0.02 * random());
}

/** A dense change, and a direction of its own that is strong enough to show. */
function fullTune(name, [rows, cols]) {
  const { a, b } = lora(name, rows, cols, RANK);
  const random = normal(seedOf('full', name));
  const w0 = base(name, [rows, cols]);
  return fill(rows, cols, (i, j) => w0[i * cols + j] + (0.02 * random()) / Math.sqrt(cols) + 2 * b[i * RANK] * a[j]);
}

/** Factors whose directions weigh less and less. */
function lora(name, rows, cols, rank) {
  const random = normal(seedOf('lora', name));
  const a = fill(rank, cols, () => random() / Math.sqrt(cols));
  const b = fill(rows, rank, (_, r) => (random() * 3) / (Math.sqrt(rows) * (1 + r)));
  return { a, b };
}

function fill(rows, cols, value) {
  const out = new Float32Array(rows * cols);
  for (let i = 0, at = 0; i < rows; i++) for (let j = 0; j < cols; j++) out[at++] = value(i, j);
  return out;
}
