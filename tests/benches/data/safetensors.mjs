// A writer of safetensors, tensor by tensor: a file may be larger than the memory.
import { closeSync, ftruncateSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';

const BYTES = { F32: 4, BF16: 2 };

/**
 * `tensors`: name -> `{ shape, values() }`; `values` is asked when its turn comes and gives a typed array. Where that is too short the
 * rest is zeros, which take no place on the disk.
 */
export function writeSafetensors(path, tensors, dtype = 'F32') {
  const header = {};
  let end = 0;
  for (const [name, { shape }] of Object.entries(tensors)) {
    const size = shape.reduce((a, b) => a * b, BYTES[dtype]);
    header[name] = { dtype, shape, data_offsets: [end, (end += size)] };
  }
  const text = Buffer.from(JSON.stringify(header));
  // Values begin at a multiple of eight.
  const head = Buffer.alloc(8 + Math.ceil(text.length / 8) * 8, ' ');
  head.writeBigUInt64LE(BigInt(head.length - 8));
  text.copy(head, 8);

  mkdirSync(dirname(path), { recursive: true });
  const file = openSync(path, 'w');
  try {
    writeAll(file, head, 0);
    for (const [name, { values }] of Object.entries(tensors)) {
      const v = values();
      writeAll(file, new Uint8Array(v.buffer, v.byteOffset, v.byteLength), head.length + header[name].data_offsets[0]);
    }
    ftruncateSync(file, head.length + end);
  } finally {
    closeSync(file);
  }
}

/** A write may take less than it is given. */
function writeAll(file, bytes, place) {
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at, bytes.length - at, place + at);
}

/** PEFT's pair of files. `factors`: module -> `{ a, b }`, each as for `writeSafetensors`. */
export function writeAdapter(folder, rank, alpha, factors, dtype) {
  const tensors = Object.entries(factors).flatMap(([module, { a, b }]) => [
    [`base_model.model.${module}.lora_A.weight`, a],
    [`base_model.model.${module}.lora_B.weight`, b],
  ]);
  writeSafetensors(join(folder, 'adapter_model.safetensors'), Object.fromEntries(tensors), dtype);
  const targets = [...new Set(Object.keys(factors).map((module) => module.split('.').at(-1)))];
  writeFileSync(
    join(folder, 'adapter_config.json'),
    JSON.stringify({ peft_type: 'LORA', r: rank, lora_alpha: alpha, target_modules: targets }),
  );
}
