/** The picture that stands beside a link to the page. */
import { readFileSync } from 'node:fs';
import { expect, test } from '@playwright/test';
import { whole } from '../../tools/vite/preview.mjs';

test('a build that knows its address says whole ones to those that show a link', () => {
  const html = readFileSync(new URL('../../index.html', import.meta.url), 'utf8');
  for (const address of ['https://lab.example/lorascope', 'https://lab.example/lorascope/']) {
    const made = whole(html, address);
    expect(made).toContain('<meta property="og:image" content="https://lab.example/lorascope/preview.png"');
    expect(made).toContain('<meta property="og:url" content="https://lab.example/lorascope/"');
  }
  expect(() => whole(html, 'lab.example')).toThrow();
  const picture = readFileSync(new URL('../../www/public/preview.png', import.meta.url));
  expect([picture.readUInt32BE(16), picture.readUInt32BE(20)]).toEqual([1200, 630]);
});
