/** Which dials a figure has in an embed, and what each sets. Pure. */
import { checkpoints, placeOf } from '../checkpoints';
import type { FigureId, Model, Settings } from '../wasm/embed/lorascope';

interface Now {
  settings: Settings;
  models: readonly Model[];
  model: number | undefined;
  until: number | null | undefined;
}

export interface Dial {
  id: string;
  of(now: Now): { min: number; max: number; step: number; value: number; label: string; said: string };
  /** The attributes it changes. */
  set(value: number, models: readonly Model[], model: number | undefined): Record<string, unknown>;
}

const K: Dial = {
  id: 'k',
  of: ({ settings: { k } }) => ({ min: 1, max: 100, step: 1, value: k, label: 'Window k', said: String(k) }),
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

const OWN: Record<FigureId, readonly Dial[]> = {
  similarity: [K, EPSILON],
  spectrum: [K, EPSILON],
  'sigma-vs-cosine': [K, EPSILON],
  vector: [EPSILON],
  'epsilon-curve': [EPSILON],
  'k-curve': [K, EPSILON],
  overview: [K, EPSILON],
  'effective-rank': [],
  evolution: [STEP, EPSILON],
  panel: [],
};

/** The figures that an embed can show. */
export const FIGURES = Object.keys(OWN).filter((id) => id !== 'panel');

/** `asked` is the element's attribute `controls`. */
export function dials(figure: FigureId, asked: string | null | undefined): { dials: readonly Dial[]; menu: boolean } {
  const own = OWN[figure] ?? [];
  if (!asked) return { dials: own, menu: true };
  const words = asked.split(/[\s,]+/);
  return { dials: [K, EPSILON, STEP].filter(({ id }) => words.includes(id)), menu: words.includes('menu') };
}
