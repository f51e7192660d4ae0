/** Modes: exact, certified or automatic, and what the results at hand lack for the one that is chosen. Pure. */
import type { Found } from './result';
import type { State } from './state';
import type { Mode, Task } from '../wasm/simd/lorascope';

export interface ModeChoice {
  mode: Mode;
  name: string;
  /** One line for the reader. */
  note: string;
}

export const MODES: readonly ModeChoice[] = [
  {
    mode: 'auto',
    name: 'Automatic',
    note: 'exact for small matrices, certified for large ones, exact again where a count stays open',
  },
  {
    mode: 'certified',
    name: 'Certified',
    note: 'the strongest vectors only; a best match that is not known exactly is given as an interval',
  },
  { mode: 'exact', name: 'Exact', note: 'all vectors, all matches; minutes for one large matrix' },
];

/** `?mode=` presets the choice; anything else is `auto`. */
export function modeFrom(search: string): Mode {
  const asked = new URLSearchParams(search).get('mode');
  return MODES.find(({ mode }) => mode === asked)?.mode ?? 'auto';
}

/** The engine's task, by the settings in force. */
export function taskOf({ settings: { mode, k, epsilon, side } }: State): Task {
  return { mode, k, epsilon, side };
}

type Outcomes = readonly Found[] | undefined;

/** Whether a result answers what the mode asks for: an exact one answers all, and where nothing was computed nothing is certified. */
export function answers(outcomes: Outcomes, mode: Mode): boolean {
  return outcomes !== undefined && (mode !== 'exact' || !isCertified(outcomes));
}

export function isCertified(outcomes: Outcomes): boolean {
  return outcomes?.some(({ matrix }) => matrix.mode === 'certified') ?? false;
}

/** The number of matrices per way of computing; those where there was nothing to compute count in neither. */
export function ways(state: State): { exact: number; certified: number } {
  const { results } = state;
  const computed = where(results, 'computed', (o) => o.some(({ matrix }) => matrix.mode !== undefined)).length;
  const bounds = certified(state).length;
  return { exact: computed - bounds, certified: bounds };
}

/** Indices of the plan's matrices that could still be computed exactly. */
export function certified({ results }: State): readonly number[] {
  return where(results, 'certified', isCertified);
}

/** The matrices that failed in any model. */
export function failures({ results }: State): readonly number[] {
  return where(results, 'failed', (outcomes) => outcomes.some(({ matrix }) => matrix.status === 'failed'));
}

/** The matrices whose computed vectors end before the window does, and the fewest that one of them has. */
export function short({ results, settings: { k } }: State): { matrices: readonly number[]; vectors: number } {
  const here = (outcomes: readonly Found[]) => Math.min(...outcomes.map(({ matrix: m }) => reach(m, k)));
  const matrices = where(results, `short of ${k}`, (outcomes) => here(outcomes) < Infinity);
  return { matrices, vectors: Math.min(...matrices.map((at) => here(results.get(at)!))) };
}

/** The matrices without the side that is looked at: certified results and slim reports hold only the one they were made for. */
export function sideless({ results, settings: { side } }: State): readonly number[] {
  return where(results, `without ${side}`, (outcomes) =>
    outcomes.some(
      ({ matrix: m }) => m.status === 'analyzed' && ((side !== 'right' && !m.left) || (side !== 'left' && !m.right)),
    ),
  );
}

/** Those of whose best matches the sign is asked for and not known: certified results and slim reports do without. */
export function signless({ results, settings: { cosine, side } }: State): readonly number[] {
  if (cosine !== 'signed') return [];
  const lacks = (known: Found['matrix']['left']) => known !== undefined && !known.signedCos;
  return where(results, `${side} without signs`, (outcomes) =>
    outcomes.some(
      ({ matrix: m }) =>
        m.status === 'analyzed' && ((side !== 'right' && lacks(m.left)) || (side !== 'left' && lacks(m.right))),
    ),
  );
}

/** The content of a slim report per matrix, in words; empty where it holds all vectors. */
export function held(state: State): string {
  const { vectors } = short({ ...state, settings: { ...state.settings, k: Infinity } });
  return vectors === Infinity ? '' : ` It holds the ${vectors} strongest vectors of each.`;
}

/** The number of known vectors of a matrix, where the window asks for more: certified results and slim reports end early. */
function reach(m: Found['matrix'], k: number): number {
  const vectors = (m.left ?? m.right)?.maxCos.length ?? Infinity;
  return m.status === 'analyzed' && vectors < Math.min(k, m.rows, m.cols) ? vectors : Infinity;
}

/** The answers about results that do not change any more: a slider asks with every step, and hundreds of models have thousands of them. */
const known = new WeakMap<State['results'], Map<string, readonly number[]>>();

/** The matrices for which something holds; `what` tells one question from another. */
function where(
  results: State['results'],
  what: string,
  holds: (outcomes: readonly Found[]) => boolean,
): readonly number[] {
  const answers = known.get(results) ?? new Map<string, readonly number[]>();
  known.set(results, answers);
  const found =
    answers.get(what) ??
    [...results]
      .filter(([, outcomes]) => holds(outcomes))
      .map(([at]) => at)
      .sort((a, b) => a - b);
  answers.set(what, found);
  return found;
}
