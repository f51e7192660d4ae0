/** A lesson as a link: what is written is read again, and every default can be left out. */
import { expect, test } from '@playwright/test';
import { LESSONS } from '../../www/lessons/all';
import { random } from './random';
import { read, write } from '../../www/lessons/link';
import { lessonOf } from '../../www/state/link';
import { attributes } from '../../www/lessons/take-away';
import type { Dial, Dials, Value } from '../../www/lessons/lesson';

/** A value of the dial that is not the default. */
function other(dial: Dial, now: Value): Value {
  switch (dial.kind) {
    case 'range':
    case 'whole':
      return now === dial.max ? dial.min : dial.max;
    case 'steps':
      return dial.values.find((v) => v !== now)!;
    case 'choice':
      return dial.options.map(([v]) => v).find((v) => v !== now)!;
    case 'switch':
      return !now;
  }
}

for (const lesson of LESSONS) {
  test(`${lesson.id}: every dial has a default inside it, and survives the link`, () => {
    expect(Object.keys(lesson.defaults).sort()).toEqual(lesson.dials.map(({ id }) => id).sort());
    const plain = { dials: lesson.defaults, hide: [], theme: undefined, step: undefined } as const;
    expect(write(lesson, plain)).toBe(`#v=1&lesson=${lesson.id}`);
    expect(read(write(lesson, plain), lesson).dials).toEqual(lesson.defaults);
    const dials = Object.fromEntries(lesson.dials.map((dial) => [dial.id, other(dial, lesson.defaults[dial.id]!)]));
    const hash = write(lesson, { dials, hide: ['words', lesson.dials[0]!.id], theme: 'dark', step: 40 });
    expect(lessonOf(hash)).toBe(lesson.id);
    expect(read(hash, lesson)).toEqual({
      id: lesson.id,
      dials,
      hide: ['words', lesson.dials[0]!.id],
      theme: 'dark',
      step: 40,
    });
    expect(attributes(lesson, lesson.defaults)).toEqual([]);
    expect(attributes(lesson, dials).every(([name]) => name === name.toLowerCase())).toBe(true);
  });
}

test('another version, and nonsense, are the defaults', () => {
  const lesson = LESSONS[1]!;
  expect(read('#v=2&lesson=making-an-intruder&lambda=1', lesson).dials).toEqual(lesson.defaults);
  expect(read('#lesson=making-an-intruder&lambda=&k=x&hide=a b,<i>', lesson)).toMatchObject({
    dials: lesson.defaults,
    hide: [],
  });
  expect(lessonOf('#v=1&sample')).toBeUndefined();
});

/** Whether a dial can stand there by hand. */
function stands(dial: Dial, value: Value | undefined): boolean {
  switch (dial.kind) {
    case 'range':
    case 'whole': {
      if (typeof value !== 'number' || !(value >= dial.min && value <= dial.max)) return false;
      const steps = (value - dial.min) / (dial.kind === 'range' ? dial.step : 1);
      return Math.abs(steps - Math.round(steps)) < 1e-6;
    }
    case 'steps':
      return dial.values.includes(Number(value));
    case 'choice':
      return dial.options.some(([option]) => option === value);
    case 'switch':
      return typeof value === 'boolean';
  }
}

test('no link puts a dial of a lesson where a hand could not', () => {
  const next = random(11);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)]!;
  const junk = () => String.fromCharCode(...Array.from({ length: 1 + next() * 8 }, () => next() * 0x3000));
  const numbers = [
    '0',
    '-1',
    '1.5',
    '7.0000001',
    '1e9',
    '-0',
    '9'.repeat(400),
    'NaN',
    'Infinity',
    '0x10',
    '1e-400',
    ' 3 ',
  ];
  const words = ['true', 'false', 'words', 'words,menu', 'dark', '__proto__', '%', '%E0%A4', '<b>', '\u0000', ''];
  const faults: string[] = [];
  for (let round = 0; round < 20_000; round++) {
    const lesson = pick(LESSONS);
    const names = [
      ...lesson.dials.map(({ id }) => id),
      'step',
      'hide',
      'theme',
      'v',
      'lesson',
      '__proto__',
      'constructor',
    ];
    const value = () => [pick(numbers), String((next() - 0.3) * 10 ** (6 * next() - 3)), pick(words), junk()];
    const parts = Array.from({ length: next() * 6 }, () => `${pick(names)}${next() < 0.9 ? '=' : ''}${pick(value())}`);
    const hash = `#${parts.join(pick(['&', '&', '&&', ';']))}`;
    const link = read(hash, lesson);
    const wrong = lesson.dials.find((dial) => !stands(dial, link.dials[dial.id]));
    const { step } = link;
    if (wrong) faults.push(`${wrong.id}: ${hash}`);
    if (step !== undefined && !(Number.isSafeInteger(step) && step >= 0)) faults.push(`step: ${hash}`);
    if (Object.keys(link.dials).some((id) => !lesson.dials.some((dial) => dial.id === id)))
      faults.push(`more: ${hash}`);
    const again = read(write(lesson, link), lesson);
    const said = (dials: Dials) => JSON.stringify(lesson.dials.map(({ id }) => dials[id]));
    if (said(again.dials) !== said(link.dials) || again.step !== step) faults.push(`the way back: ${hash}`);
  }
  expect(faults.slice(0, 5)).toEqual([]);
});
