/** Packing of results: lists of numbers of single precision become Float32Array and come back the same. */

export type Packed = unknown;

/** Shorter lists are not worth it. */
const SHORT = 8;

export function pack(value: unknown): Packed {
  if (Array.isArray(value)) {
    const single = value.length >= SHORT && value.every((n) => typeof n === 'number' && Object.is(Math.fround(n), n));
    return single ? Float32Array.from(value) : value.map(pack);
  }
  return isObject(value) ? mapValues(value, pack) : value;
}

export function unpack(value: Packed): unknown {
  if (value instanceof Float32Array) return Array.from(value);
  if (Array.isArray(value)) return value.map(unpack);
  return isObject(value) ? mapValues(value, unpack) : value;
}

/** Bytes, about: the lists are nearly all of it. */
export function sizeOf(value: Packed): number {
  if (value instanceof Float32Array) return value.byteLength;
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + sizeOf(item), 0);
  if (isObject(value)) return Object.entries(value).reduce((sum, [key, item]) => sum + key.length + sizeOf(item), 0);
  return typeof value === 'string' ? value.length : 8;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !(value instanceof Float32Array);
}

function mapValues(value: Record<string, unknown>, change: (item: unknown) => unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, change(item)]));
}
