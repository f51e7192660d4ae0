/** The state as a link: what the reader has set, in the address after `#`. Versioned; what is left out is the default. Pure. */
import { PRESETS } from '../contract';
import { COSINES, isCount, isThreshold, SIDES, THEMES } from './accepted';
import { shippedAs } from './shipped';
import { defaults, type State } from './state';
import { timesOf } from './times';
import type { FigureId, Theme } from '../wasm/simd/lorascope';

const VERSION = '1';
/** Letters of a link that are read: no state needs more. */
const LONGEST = 1 << 16;

/** Parts of the page that a link can hide. */
export const HIDEABLE = ['header', 'controls', 'menu', 'summary', 'words', 'table', 'about'] as const;
export type Hidden = (typeof HIDEABLE)[number];

/** The parts of a link beyond the state: where the numbers come from, and where to look. */
export interface Link {
  /** Opens the sample, or the experiment, at once. */
  sample: boolean;
  experiment: boolean;
  /** A stored report on this host. */
  report: string | undefined;
  /** A run in the link itself. */
  packed: string | undefined;
  /** The matrix to open, and the model in it by its label. */
  matrix: string | undefined;
  model: string | undefined;
  /** The figure to show first; the list of figures knows whether there is one. */
  figure: FigureId | undefined;
  theme: Theme | undefined;
  hide: readonly Hidden[];
  /** The dials. */
  dials: (s: State) => State;
}

/** The lesson that an address asks for; undefined where it asks for none. */
export function lessonOf(hash: string): string | undefined {
  return new URLSearchParams(hash.replace(/^#/, '')).get('lesson') ?? undefined;
}

export function read(hash: string): Link {
  const query = new URLSearchParams(hash.replace(/^#/, '').slice(0, LONGEST));
  const has = (name: string) =>
    query.get('v') === null || query.get('v') === VERSION ? (query.get(name) ?? undefined) : undefined;
  const word = <T extends string>(name: string, words: readonly T[]) => words.find((w) => w === has(name));
  const whole = (name: string) => {
    const n = Number.parseInt(has(name) ?? '', 10);
    return isCount(n) ? n : undefined;
  };
  const epsilon = Number.parseFloat(has('epsilon') ?? '');
  const vector = whole('vector');
  const dials = (s: State): State => ({
    ...s,
    settings: {
      ...s.settings,
      k: Math.max(1, whole('k') ?? s.settings.k),
      epsilon: isThreshold(epsilon) ? epsilon : s.settings.epsilon,
      side: word('side', SIDES) ?? s.settings.side,
      cosine: word('cosine', COSINES) ?? s.settings.cosine,
      preset: word('preset', PRESETS) ?? s.settings.preset,
    },
    vector: vector ? vector - 1 : s.vector,
    top: Math.max(1, whole('top') ?? s.top),
    origin: { i: whole('i') ?? 0, j: whole('j') ?? 0 },
    fraction: has('fraction') !== undefined || s.fraction,
    adaptersOnly: has('adapters') !== undefined || s.adaptersOnly,
    until: whole('until') ?? s.until,
    times: timesOf(Number(has('times') ?? '')) ?? s.times,
    byLayer: has('measure') ?? s.byLayer,
  });
  return {
    sample: has('sample') !== undefined,
    experiment: has('experiment') !== undefined,
    report: has('report'),
    packed: has('packed'),
    matrix: has('matrix'),
    model: has('model'),
    figure: has('figure'),
    theme: word('theme', THEMES),
    hide: HIDEABLE.filter((part) => (has('hide') ?? '').split(',').includes(part)),
    dials,
  };
}

/** The link of a state; empty for the defaults. `figure` makes it point at one. */
export function write(
  s: State,
  { theme, hide, report, packed }: Pick<Link, 'theme' | 'hide' | 'report' | 'packed'>,
  figure?: FigureId,
): string {
  const plain = defaults();
  const shipped = shippedAs(s);
  const query = new URLSearchParams();
  const put = (name: string, value: string | number | undefined, normal?: string | number) => {
    if (value !== undefined && value !== normal) query.set(name, String(value));
  };
  if (report) put('report', report);
  else if (packed) put('packed', packed);
  else if (shipped) query.set(shipped, '');
  put('figure', figure);
  put('matrix', s.open);
  if (s.open !== undefined) {
    put('model', s.head?.models[s.model]?.label);
    put('vector', s.vector === undefined ? undefined : s.vector + 1);
    put('top', s.top, plain.top);
    put('i', s.origin.i, 0);
    put('j', s.origin.j, 0);
    put('until', s.until);
  }
  for (const name of ['k', 'epsilon', 'side', 'cosine', 'preset'] as const)
    put(name, s.settings[name], plain.settings[name]);
  if (s.fraction) query.set('fraction', '');
  if (s.adaptersOnly) query.set('adapters', '');
  put('times', s.times, plain.times);
  put('measure', s.byLayer);
  put('theme', theme);
  if (hide.length > 0) query.set('hide', hide.join(','));
  if (query.size === 0) return '';
  return `#v=${VERSION}&${query.toString().replace(/=(?=&|$)/g, '')}`;
}
