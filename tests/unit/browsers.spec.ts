/** Browsers that are too old: the versions they are told of are those that have what the page uses. */
import { readFileSync } from 'node:fs';
import { expect, test } from '@playwright/test';
import { OLDEST, sentence } from '../../tools/browsers.mjs';

test('the oldest browsers are named as the table of docs/browsers.md has them', () => {
  const script = readFileSync(new URL('../../www/public/browser.js', import.meta.url), 'utf8');
  expect(script).toContain(sentence(OLDEST));
});
