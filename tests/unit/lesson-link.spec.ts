/** A lesson as a link: what is written is read again, and every default can be left out. */
import { expect, test } from '@playwright/test';
import { LESSONS } from '../../www/lessons/all';
import { read, write } from '../../www/lessons/link';
import { lessonOf } from '../../www/state/link';
import { attributes } from '../../www/lessons/take-away';
import type { Dial, Value } from '../../www/lessons/lesson';

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
