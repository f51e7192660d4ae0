/** The attacks that were tried on version 0.1.0: packed as tests/tried.rs reads them. */
import { readFileSync } from 'node:fs';
import { fixture, readJson } from './support';

interface Case {
  name: string;
  /** In words. */
  what: string;
  /** Paths and lengths. */
  files: [path: string, length: number][];
}

/** All cases are one text in which what was there before is named by how far back it begins and how long it is. */
function unpacked(packed: Buffer, size: number): Buffer {
  const all = Buffer.alloc(size);
  let [at, end] = [0, 0];
  const number = (): number => {
    let [n, times] = [0, 1];
    for (;;) {
      const byte = packed[at++] ?? 0;
      n += (byte & 127) * times;
      if (byte < 128) return n;
      times *= 128;
    }
  };
  while (at < packed.length) {
    const fresh = number();
    packed.copy(all, end, at, at + fresh);
    at += fresh;
    end += fresh;
    const [back, length] = [number(), number()];
    // The copy may run into itself.
    for (let i = 0; i < length; i++, end++) all[end] = all[end - back] ?? 0;
  }
  return all;
}

/** The files of every case, by its name. */
export function attacks(): Map<string, { path: string; bytes: Buffer }[]> {
  const cases = readJson<Case[]>('attacks/cases.json');
  const size = cases.flatMap((c) => c.files).reduce((sum, [, length]) => sum + length, 0);
  const all = unpacked(readFileSync(fixture('attacks/packed.bin')), size);
  let at = 0;
  return new Map(
    cases.map(({ name, files }) => [
      name,
      files.map(([path, length]) => ({ path, bytes: all.subarray(at, (at += length)) })),
    ]),
  );
}
