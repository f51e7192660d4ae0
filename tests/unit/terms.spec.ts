/** The glossary: sentences keep their words, terms are marked once, and every lesson that one names is there. */
import { readFileSync } from 'node:fs';
import { expect, test } from '@playwright/test';
import { pieces, TERMS } from '../../www/text/terms';

const text = (all: ReturnType<typeof pieces>) => all.map((p) => (typeof p === 'string' ? p : p.words)).join('');
const marked = (all: ReturnType<typeof pieces>) => all.flatMap((p) => (typeof p === 'string' ? [] : [p.term.id]));

test('a sentence is whole, and each of its terms is marked the first time', () => {
  const known = new Set<string>();
  const first = '3 intruders among 240 vectors; the largest singular value of ΔW, and ΔW again.';
  expect(text(pieces(first, known))).toBe(first);
  expect(marked(pieces(first, new Set()))).toEqual(['intruder', 'ΔW']);
  const second = 'No intruder: the weakest match is 0.6, which a random direction has by chance.';
  expect(marked(pieces(second, known))).toEqual(['weakest match', 'chance']);
  expect(text(pieces('', known))).toBe('');
  expect(marked(pieces('intruding and certifiedly', new Set()))).toEqual([]);
});

test('every term is told apart, explained, and its lesson is one', () => {
  expect(new Set(TERMS.map((t) => t.id)).size).toBe(TERMS.length);
  const lessons = readFileSync(new URL('../../docs/lessons.md', import.meta.url), 'utf8');
  for (const { id, means, words, lesson } of TERMS) {
    expect(means, id).toMatch(/^[A-ZΔ].{30,320}\.$/u);
    expect(means, id).not.toMatch(/better|healthy|damaged/);
    expect(words.global, id).toBe(false);
    if (lesson) expect(lessons, id).toContain(`\`${lesson}\``);
  }
});
