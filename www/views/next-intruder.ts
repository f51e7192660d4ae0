/** The next matrix in which the model that is looked at has an intruder, in the order of the network and around its end. */
import { following } from '../state/navigation';
import { chosenIn } from './chosen';
import type { Context } from './view';

type Seen = Pick<Context, 'state' | 'report'>;

/** The model that is looked at: its place, its name, and how many other matrices it has an intruder in. */
export function elsewhere({ state, report }: Seen): { at: number; label: string; matrices: number } {
  const matrix = report?.matrix(state.settings, state.open ?? '');
  const at = matrix ? chosenIn(matrix, state.model) : state.model;
  const model = report?.models(state.settings)[at];
  const here = matrix?.cells[at]?.intruders ? 1 : 0;
  return { at, label: model?.label ?? '', matrices: Math.max(0, (model?.matricesWithAny ?? 0) - here) };
}

/** Looked for only when it is asked for: a slider changes the counts with every frame. */
export function toNextIntruder(ctx: Seen & Pick<Context, 'nav' | 'store'>): void {
  const { state, report, nav, store } = ctx;
  if (state.open === undefined) return;
  const { at, matrices } = elsewhere(ctx);
  if (matrices === 0) return;
  const names = state.plan?.matrices.map(({ name }) => name) ?? [];
  const next = following(names, state.open, (name) =>
    Boolean(report?.matrix(state.settings, name)?.cells[at]?.intruders),
  );
  if (next === undefined) return;
  store.update((s) => ({ ...s, model: at }));
  nav.open(next);
}
