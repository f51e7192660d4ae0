/** Pictures of every figure, in light and dark, to be looked at: `LORASCOPE_SHOTS=folder npx playwright test -c tests/engines shots`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lookFor } from '../../tools/browser.mjs';
import { engine, expect, host, open, root, state, test } from './support';
import { type Tab, testid } from './tab';

const FOLDER = process.env['LORASCOPE_SHOTS'] ?? '';
const LESSONS = ['how-alone', 'making-an-intruder', 'why-a-product', 'the-first-step', 'train-it-here&step=50'];

for (const dark of [false, true]) {
  const scheme = dark ? 'dark' : 'light';
  test(`pictures, ${scheme}`, async () => {
    const found = lookFor(engine());
    test.skip('missing' in found, found.missing);
    mkdirSync(FOLDER, { recursive: true });
    const [site, tab] = [await host(), await open(found, dark)];
    try {
      expect(await tab.run(() => matchMedia('(prefers-color-scheme: dark)').matches)).toBe(dark);
      await tab.open(`${site.url}/?store=off`);
      await tab.choose(testid('file-input'), [`${root}www/public/gallery/sample.json`]);
      await state(tab, 'done');
      await pictures(tab, `${scheme}-run`);
      await tab.click(`${testid('matrix-row')} td`);
      await pictures(tab, `${scheme}-matrix`);
      for (const lesson of LESSONS) {
        // A page of its own: a change behind # alone would not load one.
        await tab.open('about:blank');
        await tab.open(`${site.url}/#v=1&lesson=${lesson}`);
        await tab.reaches('lorascope-lesson-view canvas', 'aria-label', /.{12}/);
        await pictures(tab, `${scheme}-${lesson.split('&')[0]}`);
      }
    } finally {
      await tab.driver.close();
      await site.close();
    }
  });
}

/** Every figure that is there, drawn, one file each. */
async function pictures(tab: Tab, name: string): Promise<void> {
  const figures = () =>
    tab.run((css) => {
      const all = [...document.querySelectorAll<HTMLElement>(css)];
      all.forEach((figure, at) => (figure.dataset['shot'] = String(at)));
      const bare = all.filter((figure) =>
        [...figure.querySelectorAll('canvas')].some((c) => !c.getAttribute('aria-label')),
      );
      return { bare: bare.length, names: all.map((figure) => figure.dataset['slot'] ?? figure.dataset['figure']!) };
    }, testid('figure'));
  await expect.poll(async () => (await figures()).names.length).toBeGreaterThan(0);
  // Those out of sight are drawn when they come into it.
  const { names } = await figures();
  for (const [at, figure] of names.entries()) {
    const css = `[data-shot="${at}"]`;
    await tab.run((here) => document.querySelector(here)!.scrollIntoView({ block: 'center' }), css);
    await tab.run(() => new Promise((drawn) => setTimeout(drawn, 400)));
    writeFileSync(join(FOLDER, `${engine()}-${name}-${at}-${figure}.png`), await tab.shotOf(css));
  }
  expect((await figures()).bare).toBe(0);
}
