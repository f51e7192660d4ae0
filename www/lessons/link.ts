/** A lesson as a link: `#v=1&lesson=making-an-intruder&lambda=1.1&hide=words`. What is left out is the default. Pure. */
import type { Dial, Dials, Lesson, Value } from './lesson';

const VERSION = '1';

/** Parts of a lesson that a link can hide; a dial is hidden by its id. */
export const PARTS = ['header', 'words', 'question', 'controls', 'menu', 'teachers'] as const;

export interface LessonLink {
  /** The lesson's id; empty for the list of lessons. */
  id: string;
  dials: Dials;
  hide: readonly string[];
  theme: 'light' | 'dark' | undefined;
  /** The step that a lesson which runs has to reach before it waits. */
  step: number | undefined;
}

export function read(hash: string, lesson: Lesson | undefined): LessonLink {
  const query = new URLSearchParams(hash.replace(/^#/, ''));
  const known = query.get('v') === null || query.get('v') === VERSION;
  const has = (name: string) => (known ? (query.get(name) ?? undefined) : undefined);
  const given = (lesson?.dials ?? []).flatMap((dial) => {
    const value = parse(dial, has(dial.id));
    return value === undefined ? [] : [[dial.id, value] as const];
  });
  const theme = has('theme');
  const step = Number(has('step') || NaN);
  return {
    id: query.get('lesson') ?? '',
    dials: { ...lesson?.defaults, ...Object.fromEntries(given) },
    hide: (has('hide') ?? '').split(',').filter((part) => /^[\w-]{1,40}$/.test(part)),
    theme: theme === 'light' || theme === 'dark' ? theme : undefined,
    step: Number.isSafeInteger(step) && step >= 0 ? step : undefined,
  };
}

/** The value of a dial in a text; undefined where it is not one that the dial has. */
export function parse(dial: Dial, text: string | undefined | null): Value | undefined {
  if (text === undefined || text === null) return undefined;
  const number = text.trim() === '' ? NaN : Number(text);
  switch (dial.kind) {
    case 'range':
    case 'whole': {
      if (!Number.isFinite(number)) return undefined;
      // Where the slider can stand: a window of 1.5 vectors is none.
      const step = dial.kind === 'whole' ? 1 : dial.step;
      const steps = Math.round((Math.min(dial.max, Math.max(dial.min, number)) - dial.min) / step);
      return Math.min(dial.max, Number((dial.min + steps * step).toFixed(6)));
    }
    case 'steps':
      // A link holds six decimals: 1/12 is 0.083333.
      return dial.values.find((value) => Math.abs(value - number) < 1e-5);
    case 'choice':
      return dial.options.map(([value]) => value).find((value) => String(value) === text);
    case 'switch':
      return text !== 'false' && text !== '0';
  }
}

export function write(lesson: Lesson, { dials, hide, theme, step }: Omit<LessonLink, 'id'>): string {
  const query = new URLSearchParams({ v: VERSION, lesson: lesson.id });
  for (const { id } of lesson.dials) {
    const value = dials[id];
    if (value !== undefined && value !== lesson.defaults[id])
      query.set(id, typeof value === 'number' ? String(Number(value.toFixed(6))) : String(value));
  }
  if (step !== undefined) query.set('step', String(step));
  if (theme) query.set('theme', theme);
  if (hide.length > 0) query.set('hide', hide.join(','));
  return `#${query}`;
}
