/** The title of the tab for what is seen: what a bookmark, the history and a pasted link call it. Pure. */

const SITE = 'Lorascope';
const IDLE = `${SITE}: what fine-tuning did to a model’s weights`;

/** Of more models than this a title says how many there are. */
const NAMED = 2;

export interface Shown {
  screen: 'idle' | 'plan' | 'results' | 'matrix';
  /** The heading of the screen. */
  heading: string;
  /** It is about all results, not about how far they are. */
  whole: boolean;
  base: string;
  models: readonly string[];
  /** The model that is looked at in a matrix. */
  model: string | undefined;
}

export function title({ screen, heading, whole, base, models, model }: Shown): string {
  if (screen === 'idle' || !heading) return IDLE;
  if (screen === 'matrix') return `${[heading, model, base].filter(Boolean).join(', ')} · ${SITE}`;
  if (screen === 'results' && whole && models.length > 0 && models.length <= NAMED)
    return `${models.join(' and ')} of ${base} · ${SITE}`;
  return `${heading} · ${SITE}`;
}
