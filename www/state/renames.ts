/** The reader's own names of models, in place of those that the files have. Pure. */
import type { State } from './state';
import type { Model, Report } from '../wasm/simd/lorascope';

/** The names by [`keyOf`]: another plan may have the models in another order. */
export type Renames = ReadonlyMap<string, string>;

/** Longer names are cut. */
export const LONGEST_NAME = 120;

/** The identity of a model under any name: its files. */
function keyOf({ label, files }: Pick<Model, 'label' | 'files'>): string {
  return files.length > 0 ? JSON.stringify(files.map(({ name }) => name)) : label;
}

/** A report's head under the reader's names. */
export function renamed(head: Report, renames: Renames): Report {
  if (renames.size === 0) return head;
  return {
    ...head,
    models: head.models.map((model) => ({ ...model, label: renames.get(keyOf(model)) ?? model.label })),
  };
}

/** Gives a model another name; an empty one brings its own back. */
export function rename(s: State, at: number, name: string): State {
  const [model, own] = [s.head?.models[at], s.ownNames[at]];
  if (!s.head || !model || own === undefined) return s;
  const label = plain(name) || own;
  const renames = new Map(s.renames);
  if (label === own) renames.delete(keyOf(model));
  else renames.set(keyOf(model), label);
  const models = s.head.models.map((m, n) => (n === at ? { ...m, label } : m));
  return { ...s, renames, head: { ...s.head, models } };
}

/** The reason why a model cannot have a name, with the way out; empty where it can. */
export function refusal(s: State, at: number, name: string): string {
  const label = plain(name) || s.ownNames[at];
  const taken = s.head?.models.some((model, n) => n !== at && model.label === label);
  return taken ? 'Another model has this name. Add what tells the two apart.' : '';
}

function plain(name: string): string {
  return [...name.trim().replace(/\s+/g, ' ')].slice(0, LONGEST_NAME).join('');
}
