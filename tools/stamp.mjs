// Stamps: work is skipped when the hash of everything it reads is the one it left behind.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { at } from './paths.mjs';

/** The hash of files and folders (paths from the top) and of any further words. */
export function hash(paths, ...words) {
  const sum = createHash('sha256');
  for (const path of paths.flatMap(filesIn)) sum.update(`${path}\0`).update(readFileSync(at(path)));
  return sum.update(JSON.stringify(words)).digest('hex');
}

function filesIn(path) {
  const info = statSync(at(path), { throwIfNoEntry: false });
  if (!info) return [];
  if (!info.isDirectory()) return [path];
  return readdirSync(at(path))
    .sort()
    .flatMap((name) => filesIn(`${path}/${name}`));
}

export function isFresh(stamp, value) {
  try {
    return readFileSync(stamp, 'utf8') === value;
  } catch {
    return false;
  }
}

export function leave(stamp, value) {
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, value);
}
