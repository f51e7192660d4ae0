/** Reloads: the page comes up, load after load, at its first try. `LORASCOPE_RELOADS=200` for a table. */
import { filesOver } from '../browser/begin.mjs';
import { eachTab, engine, expect, host, test, wrong } from './support';

const RELOADS = Number(process.env['LORASCOPE_RELOADS'] ?? 6);
/** The time until a load counts as hung, in ms: longer than the page's own second and third try. */
const HUNG = 100_000;

const now = eachTab();
// A table of many loads counts every one; the short form is asked for once more.
test.describe.configure({ retries: RELOADS > 6 ? 0 : 1 });

test('reloads: each reaches a ready page with threads, at its first try and without an error', async () => {
  test.setTimeout(60_000 + RELOADS * HUNG);
  const { tab } = now;
  const site = await host();
  const times: number[] = [];
  const wrongs: string[] = [];
  let [hung, again] = [0, 0];
  try {
    for (let at = 0; at < RELOADS; at++) {
      const begin = performance.now();
      if (at === 0) await tab.open(`${site.url}/`);
      else await tab.reload();
      await tab.run(filesOver);
      // In the page, so that the asking does not keep it awake.
      const { build, tries } = await tab.run(async (limit) => {
        const end = performance.now() + limit;
        const page = document.documentElement.dataset;
        let said = '';
        while (!page['build'] && performance.now() < end) {
          said = document.querySelector('[data-testid=runs]')?.textContent?.match(/try \d/)?.[0] ?? said;
          await new Promise((later) => setTimeout(later, 25));
        }
        return { build: page['build'] ?? '', tries: said };
      }, HUNG);
      if (!build) hung += 1;
      else if (tries || !/^threads/.test(build)) again += 1;
      times.push(performance.now() - begin);
      wrongs.push(...(await wrong(tab)));
    }
  } finally {
    await site.close();
  }
  times.sort((a, b) => a - b);
  const said = `${RELOADS} loads, ${hung} hung, ${again} started again`;
  const span = `${Math.round(times[times.length >> 1]!)} ms in the middle, ${Math.round(times.at(-1)!)} at most`;
  test.info().annotations.push({ type: 'seen', description: said });
  console.log(`${engine()} ${tab.driver.version}: ${said}; ${span}`);
  expect({ hung, again, wrongs }).toEqual({ hung: 0, again: 0, wrongs: [] });
});
