/** What the plan foretells: the margins of all changes to the threshold, before anything is compared. Pure. */
import type { State } from './state';
import type { Foreseen } from '../wasm/simd/lorascope';

export interface Foresight {
  status: 'running' | 'done';
  done: number;
  total: number;
  /** The window that it was asked for. */
  k: number;
  /** Of each model, how many matrices are below the threshold, of how many whose margin is known. */
  counts: ReadonlyMap<number, readonly [below: number, all: number]>;
  /** Matrices that failed, with the last reason. */
  failed: number;
  reason: string;
}

export function began(s: State, total: number): State {
  const { k } = s.settings;
  return { ...s, foresight: { status: 'running', done: 0, total, k, counts: new Map(), failed: 0, reason: '' } };
}

/** One more matrix. */
export function came(s: State, found: readonly Foreseen[], reason = ''): State {
  const before = s.foresight;
  if (!before) return s;
  const counts = new Map(before.counts);
  for (const { model, margin } of found) {
    if (margin == null) continue;
    const [low, all] = counts.get(model) ?? [0, 0];
    counts.set(model, [low + Number(margin < 1), all + 1]);
  }
  const done = before.done + 1;
  return {
    ...s,
    foresight: {
      ...before,
      counts,
      done,
      status: done < before.total ? 'running' : 'done',
      failed: before.failed + (reason ? 1 : 0),
      reason: reason || before.reason,
    },
  };
}

/** How many of a model's matrices are below the threshold, of how many whose margin is known. */
export function below({ counts }: Foresight, model: number): readonly [below: number, all: number] {
  return counts.get(model) ?? [0, 0];
}
