/** The dials of an embed, and what each sets; which of them a figure has, the list of figures says. Pure. */
import { checkpoints, placeOf } from '../state/checkpoints';
import { LONGEST_WINDOW } from '../contract';
import { ofPower, POWERS, said } from '../state/times';
import type { Dial as DialId, Model, Settings } from '../wasm/embed/lorascope';

interface Now {
  settings: Settings;
  models: readonly Model[];
  model: number | undefined;
  until: number | null | undefined;
  times: number | null | undefined;
}

export interface Dial {
  id: DialId;
  of(now: Now): { min: number; max: number; step: number; value: number; label: string; said: string };
  /** The attributes it changes. */
  set(value: number, models: readonly Model[], model: number | undefined): Record<string, unknown>;
}

const K: Dial = {
  id: 'k',
  of: ({ settings: { k } }) => ({ min: 1, max: LONGEST_WINDOW, step: 1, value: k, label: 'Window k', said: String(k) }),
  set: (k) => ({ k }),
};

const EPSILON: Dial = {
  id: 'epsilon',
  of: ({ settings: { epsilon } }) => ({
    min: 0,
    max: 1,
    step: 0.01,
    value: epsilon,
    label: 'Threshold ε',
    said: epsilon.toFixed(2),
  }),
  set: (epsilon) => ({ epsilon }),
};

const STEP: Dial = {
  id: 'step',
  of: ({ models, model, until }) => {
    const all = checkpoints(models, model);
    const at = placeOf(all, until);
    return {
      min: 0,
      max: Math.max(0, all.length - 1),
      step: 1,
      value: at,
      label: 'Step',
      said: String(all[at]?.step ?? 0),
    };
  },
  set: (at, models, model) => ({ until: checkpoints(models, model)[at]?.step ?? null }),
};

/** On a slider of powers: half as strong is as far from 1 as twice as strong. */
const TIMES: Dial = {
  id: 'times',
  of: ({ times }) => ({
    min: -POWERS,
    max: POWERS,
    step: 0.01,
    value: Math.log10(times ?? 1),
    label: 'α ×',
    said: said(times ?? 1),
  }),
  set: (power) => ({ times: ofPower(power) }),
};

const ALL = [K, EPSILON, STEP, TIMES];

/** The words of the attribute `controls`. */
export const CONTROLS: readonly string[] = [...ALL.map(({ id }) => id), 'menu', 'none'];

export const listed = (words: string): string[] => words.split(/[\s,]+/).filter(Boolean);

/** `own`: those of the figure; `asked` is the element's attribute `controls`. */
export function dials(
  own: readonly DialId[],
  asked: string | null | undefined,
): { dials: readonly Dial[]; menu: boolean } {
  const of = (ids: readonly string[]) => ALL.filter(({ id }) => ids.includes(id));
  if (!asked) return { dials: own.flatMap((id) => of([id])), menu: true };
  const words = listed(asked);
  return { dials: of(words), menu: words.includes('menu') };
}
