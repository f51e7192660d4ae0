/** A lesson: words, dials, figures, a question. The numbers come from the core; none is written here. */
import type { TemplateResult } from 'lit';
import type { Spec } from '../figure/figure';
import type { FigureId, Focus } from '../wasm/simd/lorascope';
import type { Facts } from './host';

export type { Facts };

export type Value = number | string | boolean;
export type Dials = Readonly<Record<string, Value>>;

interface Named {
  id: string;
  /** Its name in words, and its variable where it has one. */
  label: string;
  variable?: string;
  /** Whether it is shown: where it has no meaning it is not. */
  when?: (dials: Dials) => boolean;
  /** Shown in the first row; the others are a click away. */
  main?: boolean;
}

export interface Slider extends Named {
  kind: 'range';
  min: number;
  max: number;
  step: number;
  /** The value in words. */
  said: (value: number, facts: Facts) => string;
}

/** A slider over values that are not evenly spaced. */
export interface Steps extends Named {
  kind: 'steps';
  values: readonly number[];
  said: (value: number) => string;
}

export interface Choice extends Named {
  kind: 'choice';
  options: readonly (readonly [value: Value, name: string])[];
}

export interface Switch extends Named {
  kind: 'switch';
}

export interface Whole extends Named {
  kind: 'whole';
  min: number;
  max: number;
}

export type Dial = Slider | Steps | Choice | Switch | Whole;

/** A figure of the lesson: a panel of its own, or one of the paper's on the scene's report. */
export interface Slot {
  id: string;
  title: string;
  figure: FigureId;
  panel?: string;
  /** The figure's request, beside rule and panel. */
  spec?: (dials: Dials, facts: Facts) => Partial<Spec>;
  when?: (dials: Dials, facts: Facts) => boolean;
  /** Part of the row that it takes where there is room; by default all of it. */
  size?: 'half' | 'third';
  /** It gives the answer of the question away: shown when the reader has said what will happen, or asks for it. */
  tells?: boolean;
  /** A pointer that is pressed on the figure sets these dials. */
  drag?: (focus: Pick<Focus, 'at' | 'up'>) => Partial<Record<string, Value>>;
}

export interface Question {
  when?: (dials: Dials) => boolean;
  ask: TemplateResult;
  options: readonly string[];
  /** The right option, by the numbers; undefined while they are not known. */
  right: (facts: Facts) => number | undefined;
  why: (facts: Facts) => TemplateResult;
}

export interface Lesson {
  id: string;
  title: string;
  /** One line for the list of lessons. */
  about: string;
  /** The place in the paper. */
  source: string;
  dials: readonly Dial[];
  defaults: Dials;
  /** The words before the figure. */
  words: (facts: Facts, dials: Dials) => TemplateResult;
  /** The first that the dials allow is asked. */
  questions: readonly Question[];
  figures: readonly Slot[];
  /** The words after the figure. */
  after: (facts: Facts, dials: Dials) => TemplateResult;
  /** Questions to ask, and what students get wrong. */
  teachers: readonly string[];
  /** It goes on by itself once it is started: pause, step, reset. */
  runs?: boolean;
}

/** A number in print; a dash while it is not known. */
export function say(value: number | undefined, digits = 2): string {
  if (value === undefined || !Number.isFinite(value)) return '–';
  return value.toFixed(digits).replace('-', '\u2212');
}

export function whole(value: number | undefined): string {
  return say(value, 0);
}
