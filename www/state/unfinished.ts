/** A run that was broken off, remembered by the browser over a reload: what it is of, and how far it came. */
import { storeWanted } from '../engine/results-store';
import { shippedAs } from './shipped';
import { finishedCount } from './run';
import type { State } from './state';

export interface Unfinished {
  base: string;
  models: string[];
  done: number;
  total: number;
}

const KEY = 'lorascope-unfinished';

/** Remembers a run as it goes on. One whose results are not kept cannot be gone on with, and what comes with the page is one press away. */
export function remember(state: State): void {
  if (!storeWanted(location.search) || shippedAs(state)) return;
  const { head, plan, status } = state;
  const [done, total] = [finishedCount(state), plan?.matrices.length ?? 0];
  const left = head && status !== 'done' && done > 0;
  const known = left && { base: head.base.label, models: head.models.map(({ label }) => label), done, total };
  if (known) storage((kept) => kept.setItem(KEY, JSON.stringify(known)));
  else forget();
}

export function forget(): void {
  storage((kept) => kept.removeItem(KEY));
}

export function remembered(): Unfinished | undefined {
  if (!storeWanted(location.search)) return undefined;
  return parse(storage((kept) => kept.getItem(KEY)));
}

/** Reads a stored text: the run where it is whole, otherwise undefined. */
export function parse(text: string | null | undefined): Unfinished | undefined {
  try {
    const { base, models, done, total } = JSON.parse(text ?? '') as Partial<Unfinished>;
    const names = Array.isArray(models) && models.length > 0 && models.every((name) => typeof name === 'string');
    if (typeof base !== 'string' || !names) return undefined;
    if (!Number.isSafeInteger(done) || !Number.isSafeInteger(total) || done! < 1 || done! >= total!) return undefined;
    return { base, models, done: done!, total: total! };
  } catch {
    return undefined;
  }
}

/** Browsers that keep nothing throw at the first touch. */
function storage<T>(ask: (kept: Storage) => T): T | undefined {
  try {
    return ask(localStorage);
  } catch {
    return undefined;
  }
}
