/** The page comes up, load after load: `LORASCOPE_RELOADS=200` for a table. */
import { browser, engine, expect, host, test, wrong } from './support';

const RELOADS = Number(process.env['LORASCOPE_RELOADS'] ?? 6);
/** Milliseconds after which a load counts as hung. */
const HUNG = 20_000;

test(`${RELOADS} reloads reach a ready page and raise no error`, async () => {
  test.setTimeout(60_000 + RELOADS * (HUNG + 5000));
  const tab = await browser();
  test.skip(!tab, `no ${engine()} here`);
  const site = await host();
  const times: number[] = [];
  const errors: string[] = [];
  let hangs = 0;
  try {
    for (let at = 0; at < RELOADS; at++) {
      const begin = performance.now();
      if (at === 0) await tab!.open(`${site.url}/`);
      else await tab!.reload();
      // In the page, so that the asking does not keep it awake.
      const build = await tab!.run(async (limit) => {
        const end = performance.now() + limit;
        while (!document.documentElement.dataset['build'] && performance.now() < end)
          await new Promise((later) => setTimeout(later, 50));
        return document.documentElement.dataset['build'] ?? '';
      }, HUNG);
      if (/^threads/.test(build)) times.push(performance.now() - begin);
      else hangs += 1;
      errors.push(...(await wrong(tab!)));
    }
  } finally {
    await tab!.driver.close();
    await site.close();
  }
  times.sort((a, b) => a - b);
  const said = `${engine()} ${tab!.driver.version}: ${hangs} of ${RELOADS} loads hung or ran without threads; ${Math.round(times[times.length >> 1] ?? 0)} ms in the middle, ${Math.round(times.at(-1) ?? 0)} at most`;
  test.info().annotations.push({ type: 'measured', description: said });
  console.log(said);
  expect(hangs).toBe(0);
  expect(errors).toEqual([]);
});
