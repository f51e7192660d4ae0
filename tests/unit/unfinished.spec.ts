/** The record of a run that was broken off, as a browser may hold it: whole or nothing. */
import { expect, test } from '@playwright/test';
import { parse } from '../../www/state/unfinished';

test('only a whole note of a run that has come some way is believed', () => {
  const note = { base: 'base', models: ['a'], done: 20, total: 36 };
  expect(parse(JSON.stringify(note))).toEqual(note);
  for (const wrong of [
    { done: 36 },
    { done: 0 },
    { done: 1.5 },
    { total: '36' },
    { base: 1 },
    { models: [] },
    { models: [1] },
  ])
    expect(parse(JSON.stringify({ ...note, ...wrong })), JSON.stringify(wrong)).toBeUndefined();
  for (const text of [null, undefined, '', 'null', '[]', '{', '7']) expect(parse(text)).toBeUndefined();
});
