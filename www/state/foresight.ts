/** What the plan foretells: the margins of all changes to the threshold, before anything is compared. Pure. */
import type { State } from './state';
import type { Foreseen } from '../wasm/simd/lorascope';

export interface Foresight {
  status: 'running' | 'done';
  done: number;
  total: number;
  /** The window that it was asked for. */
  k: number;
  /** The known margins, by model. */
  margins: ReadonlyMap<number, readonly number[]>;
  /** Matrices that failed, with the last reason. */
  failed: number;
  reason: string;
}

export function began(s: State, total: number): State {
  const { k } = s.settings;
  return { ...s, foresight: { status: 'running', done: 0, total, k, margins: new Map(), failed: 0, reason: '' } };
}

/** One more matrix. */
export function came(s: State, found: readonly Foreseen[], reason = ''): State {
  const before = s.foresight;
  if (!before) return s;
  const margins = new Map(before.margins);
  for (const { model, margin } of found)
    if (margin != null) margins.set(model, [...(margins.get(model) ?? []), margin]);
  const done = before.done + 1;
  return {
    ...s,
    foresight: {
      ...before,
      margins,
      done,
      status: done < before.total ? 'running' : 'done',
      failed: before.failed + (reason ? 1 : 0),
      reason: reason || before.reason,
    },
  };
}

/** How many of a model's matrices are below the threshold, of how many whose margin is known. */
export function below({ margins }: Foresight, model: number): readonly [below: number, all: number] {
  const own = margins.get(model) ?? [];
  return [own.filter((margin) => margin < 1).length, own.length];
}
