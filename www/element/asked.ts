/** Checks of an embed: whether its attributes can be meant, and whether the report has what they ask for; in words, with what to write instead. Pure. */

import { COSINES, isCount, isThreshold, SIDES, THEMES } from '../state/accepted';
import { CONTROLS, listed } from './dials';

interface Asked {
  figure: string;
  model: string | null | undefined;
}

interface There {
  figures: readonly string[];
  models: readonly string[];
}

/** The most names that a sentence lists. */
const LISTED = 12;

interface Attribute {
  name: string;
  fits(value: string): boolean;
  /** What to write, after "Write". */
  write: string;
}

const whole = (name: string, least: number, what: string, example: number): Attribute => ({
  name,
  fits: (value) => /^\s*\d+\s*$/.test(value) && isCount(Number(value), least),
  write: `${what}, a whole number from ${least} on: ${name}="${example}"`,
});

/** One of some words; an empty one may be the usual. */
const word = (name: string, all: readonly string[], empty = false): Attribute => ({
  name,
  fits: (value) => all.includes(value) || (empty && value === ''),
  write: or(all.map((word) => `${name}="${word}"`)),
});

/** A missing attribute is never wrong. */
const ATTRIBUTES: readonly Attribute[] = [
  whole('k', 1, 'how many of the strongest vectors are looked at', 10),
  {
    name: 'epsilon',
    fits: (value) => value.trim() !== '' && isThreshold(Number(value)),
    write: 'a threshold from 0 to 1: epsilon="0.5"',
  },
  word('side', SIDES),
  word('cosine', COSINES),
  whole('vector', 1, 'which fine-tuned vector', 1),
  whole('top', 1, 'how many rows and columns of the map', 32),
  whole('until', 0, 'a training step', 1000),
  {
    name: 'times',
    fits: (value) => Number(value) >= 1e-3 && Number(value) <= 1e3,
    write: 'a factor of the change from 0.001 to 1000: times="2"',
  },
  word('theme', THEMES),
  word('caption', ['title', 'none'], true),
  {
    name: 'controls',
    fits: (value) => listed(value).every((one) => CONTROLS.includes(one)),
    write: 'any of k, epsilon, step, times and menu, or none: controls="epsilon menu"',
  },
];

/** The first attribute that means nothing, and what to write instead; empty where all can be meant. */
export function unfit(read: (name: string) => string | null | undefined): string {
  for (const { name, fits, write } of ATTRIBUTES) {
    const value = read(name);
    if (value != null && !fits(value)) return `${name}="${short(value)}" means nothing. Write ${write}.`;
  }
  return '';
}

/** The reason why an embed lacks what it asks for; empty where all of it is there. A model is meant by its label, or by its number from 1. */
export function lacking({ figure, model }: Asked, { figures, models }: There): string {
  if (!figures.includes(figure)) return none('figure', figure, figures);
  const number = Number(model);
  const known = model == null || models.includes(model) || (number >= 1 && number <= models.length);
  return known ? '' : none('model', model, models);
}

/** A matrix that a report does not have, or not of this model: `own` are that model's. */
export function unplaced(
  matrix: string,
  model: string | undefined,
  own: readonly string[],
  all: readonly string[],
): string {
  if (model === undefined || !all.includes(matrix)) return none('matrix', matrix, all, 'matrices');
  return `“${model}” has no matrix “${short(matrix)}”. ${list(own)}`;
}

function none(what: string, name: string, names: readonly string[], many = `${what}s`): string {
  if (names.length === 0) return `There is no ${what} “${short(name)}”. This report has no ${many}.`;
  return `There is no ${what} “${short(name)}”. ${list(names)}`;
}

function list(names: readonly string[]): string {
  const rest = names.length - LISTED;
  const listed = names.slice(0, LISTED).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
  return `There ${names.length === 1 ? 'is' : 'are'} ${listed || 'none'}.`;
}

function or(all: readonly string[]): string {
  return [all.slice(0, -1).join(', '), all.at(-1)].filter(Boolean).join(' or ');
}

/** What a page wrote may be anything. */
function short(value: string): string {
  return [...value].length > 80 ? `${[...value].slice(0, 79).join('')}…` : value;
}
