// Pairs of weights from a seed: the same bytes on every machine.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const RANK = 16;
const ALPHA = 32;

// A name whose shape is plausible, so that the page takes the matrix as one of a model's.
const nameOf = (rows, cols) => `encoder.layer.0.${rows === cols ? 'attention.self.query' : 'intermediate.dense'}`;

/** Writes `base/` and one fine-tune of it (`lora16` or `full`) into `folder`; returns the two folders. */
export function makePair(folder, rows, cols, kind) {
  const random = normal(rows * 7919 + cols);
  const name = nameOf(rows, cols);
  const w0 = weights(random, rows, cols);
  write(join(folder, 'base'), 'model.safetensors', { [`${name}.weight`]: [rows, cols, w0] });

  const tuned = join(folder, kind);
  const a = matrix(RANK, cols, () => random() / Math.sqrt(cols));
  const b = matrix(rows, RANK, (_, r) => (random() * 3) / (Math.sqrt(rows) * (1 + r)));
  if (kind === 'lora16') {
    const prefix = `base_model.model.${name}`;
    write(tuned, 'adapter_model.safetensors', {
      [`${prefix}.lora_A.weight`]: [RANK, cols, a],
      [`${prefix}.lora_B.weight`]: [rows, RANK, b],
    });
    writeFileSync(join(tuned, 'adapter_config.json'), JSON.stringify({ peft_type: 'LORA', r: RANK, lora_alpha: ALPHA, target_modules: [name.split('.').at(-1)] }));
  } else {
    // A dense change, and a direction of its own that is strong enough to show.
    const w = matrix(rows, cols, (i, j) => w0[i * cols + j] + (0.02 * random()) / Math.sqrt(cols) + 2 * b[i * RANK] * a[j]);
    write(tuned, 'model.safetensors', { [`${name}.weight`]: [rows, cols, w] });
  }
  return { base: join(folder, 'base'), tuned: [tuned] };
}

/** Noise under falling row and column weights: singular values that fall as a trained matrix's do. */
function weights(random, rows, cols) {
  const fall = (n) => Float64Array.from({ length: n }, (_, i) => 3 * (1 + i) ** -0.35);
  const [left, right] = [fall(rows), fall(cols)];
  return matrix(rows, cols, (i, j) => (random() * left[i] * right[j]) / Math.sqrt(cols));
}

function matrix(rows, cols, value) {
  const out = new Float32Array(rows * cols);
  for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) out[i * cols + j] = value(i, j);
  return out;
}

/** Mulberry32 and Box-Muller. */
function normal(seed) {
  const uniform = () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}

/** safetensors: the header's length, the header, the values one after the other. */
function write(folder, file, tensors) {
  let end = 0;
  const header = {};
  for (const [name, [rows, cols, values]] of Object.entries(tensors)) {
    header[name] = { dtype: 'F32', shape: [rows, cols], data_offsets: [end, (end += values.byteLength)] };
  }
  const text = JSON.stringify(header);
  const head = Buffer.from(text.padEnd(Math.ceil(text.length / 8) * 8));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(head.length));
  const values = Object.values(tensors).map(([, , v]) => Buffer.from(v.buffer));
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, file), Buffer.concat([length, head, ...values]));
}
