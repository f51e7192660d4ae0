// A checkpoint as large as a browser may meet: matrices of Llama-2-7B's shapes in bfloat16, more than 4 GiB of them, one
// shard of it past 2^32 bytes, and a LoRA adapter of every linear layer.
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeLora } from './data/make.mjs';
import { normal, seedOf } from './data/random.mjs';
import { writeSafetensors } from './data/safetensors.mjs';
import { llama7b } from './data/shapes.mjs';

const LAYERS = 12;
const IN_FIRST_SHARD = 11;
const RANK = 16;
/** In bfloat16. */
const ONE = 0x3f80;
const WIDTH = 4096;
const TOKENS = [32000, WIDTH];
// Odd, so that a row of one matrix is not a row of another, nor another row of its own.
const NOISE = 2 ** 22 + 3;

/** Writes `base/` and `lora16/` into `folder`, one tensor at a time. `filled`: the part of each matrix's rows that are not zeros. */
export function makeSevenB(folder, { layers = LAYERS, inFirst = IN_FIRST_SHARD, filled = 1 } = {}) {
  const noise = Float32Array.from({ length: NOISE }, normal(7));
  const shapes = llama7b(layers);
  const weights = Object.entries(shapes).map(([name, shape]) => [`${name}.weight`, shape]);
  for (let layer = 0; layer < layers; layer++)
    for (const norm of ['input', 'post_attention'])
      weights.push([`model.layers.${layer}.${norm}_layernorm.weight`, [WIDTH]]);
  weights.sort(([a], [b]) => layerOf(a) - layerOf(b));
  const first = weights.filter(([name]) => layerOf(name) < inFirst);
  const shards = [
    [['model.embed_tokens.weight', TOKENS], ...first],
    [...weights.slice(first.length), ['model.norm.weight', [WIDTH]], ['lm_head.weight', TOKENS]],
  ];
  const base = join(folder, 'base');
  const index = { metadata: { total_size: 0 }, weight_map: {} };
  for (const [i, shard] of shards.entries()) {
    const file = `model-0000${i + 1}-of-0000${shards.length}.safetensors`;
    const tensors = shard.map(([name, shape]) => [name, { shape, values: () => bfloat16(noise, name, shape, filled) }]);
    writeSafetensors(join(base, file), Object.fromEntries(tensors), 'BF16');
    index.metadata.total_size += statSync(join(base, file)).size;
    for (const [name] of shard) index.weight_map[name] = file;
  }
  writeFileSync(join(base, 'model.safetensors.index.json'), JSON.stringify(index));
  const tuned = join(folder, `lora${RANK}`);
  writeLora(tuned, shapes, RANK, '');
  return { base, tuned: [tuned] };
}

function layerOf(name) {
  return Number(name.split('.')[2]);
}

/** The noise from a place of the matrix's own, round and round, under falling weights of the rows and columns; a norm is ones. */
function bfloat16(noise, name, [height, cols], filled) {
  if (cols === undefined) return new Uint16Array(height).fill(ONE);
  const rows = Math.ceil(filled * height);
  const fall = (n) => Float32Array.from({ length: n }, (_, i) => 3 * (1 + i) ** -0.35);
  const [left, right] = [fall(rows), fall(cols)];
  const out = new Uint16Array(rows * cols);
  const float = new Float32Array(1);
  const bits = new Uint32Array(float.buffer);
  let from = (seedOf(name) >>> 0) % NOISE;
  for (let i = 0, at = 0; i < rows; i++) {
    const scale = left[i] / Math.sqrt(cols);
    for (let j = 0; j < cols; j++) {
      float[0] = noise[from] * scale * right[j];
      // The upper half of a float32, rounded.
      out[at++] = (bits[0] + 0x8000) >>> 16;
      if (++from === NOISE) from = 0;
    }
  }
  return out;
}
