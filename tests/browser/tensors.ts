/** Checkpoints that tests make: files of numbers that are the same every time. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { random } from '../unit/random';

export function put(path: string, bytes: Buffer | string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
}

/** The same numbers every time. */
export function numbers(count: number, seed: number): Float32Array {
  return Float32Array.from({ length: count }, (_, at) => Math.sin(1 + at * 12.9898 + seed * 78.233));
}

export type Tensor = [name: string, shape: [number, number], values: Float32Array];

export function safetensors(tensors: Tensor[]): Buffer {
  let end = 0;
  const entries = tensors.map(([name, shape, { byteLength }]) => {
    end += byteLength;
    return [name, { dtype: 'F32', shape, data_offsets: [end - byteLength, end] }];
  });
  const header = Buffer.from(JSON.stringify(Object.fromEntries(entries)));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([size, header, ...tensors.map(([, , { buffer }]) => Buffer.from(buffer))]);
}

/** Uniform in [-0.5, 0.5), each as good as independent of the others: a matrix of them has its full rank. */
export function noise(count: number, seed: number): Float32Array {
  const next = random(seed * 0x9e3779b9);
  return Float32Array.from({ length: count }, () => next() - 0.5);
}
