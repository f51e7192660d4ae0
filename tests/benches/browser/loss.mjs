// The loss on a text in the built page, as a visitor measures it: files, one matrix analyzed, the part opened, a text pasted, one press.
import { readFileSync } from 'node:fs';
import { filesOver } from '../../browser/begin.mjs';
import { state } from './page.mjs';

/** The part needs a report, and one matrix makes one. */
const ONE_MATRIX = String.raw`\.0\..*(q_proj|query)`;

/** From the press to the table: seconds of all models, and of each the losses of the tokens. `watch` as for `runPage`. */
export async function runLoss(browser, address, folder, { text, window }, { limit, watch }) {
  const page = await browser.newPage();
  page.setDefaultTimeout(limit * 1000);
  try {
    await page.goto(address);
    await page.evaluate(filesOver);
    await page.waitForSelector('html[data-build]', { state: 'attached' });
    await page.getByTestId('folder-input').setInputFiles(folder);
    await state(page, 'ready');
    const pattern = page.locator('[data-question=pattern]');
    await pattern.fill(ONE_MATRIX);
    await pattern.press('Enter');
    await page.getByTestId('analyze').first().filter({ hasText: 'Analyze 1 matrix' }).click();
    await state(page, 'done');
    await page.getByTestId('loss-open').click();
    await page.getByTestId('loss-text-general').uncheck();
    await page.getByTestId('loss-own').fill(text);
    await page.getByTestId('loss-window').fill(String(window));
    await page.getByTestId('loss-window').press('Enter');
    await page.waitForSelector('[data-testid=loss-run]:enabled, [data-testid=loss-fault]');
    const watching = watch(page);
    const seconds = await page.evaluate(press).catch(async (error) => {
      await watching(0);
      throw error;
    });
    const watched = await watching(seconds);
    const { build, threads } = await page.evaluate(() => ({ ...document.documentElement.dataset }));
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByTestId('export-json').first().click(),
    ]);
    const { loss } = JSON.parse(readFileSync(await download.path(), 'utf8'));
    return {
      build,
      threads: Number(threads),
      seconds,
      losses: loss.rows.map(({ on }) => on[0].tokens),
      ...watched,
    };
  } catch (error) {
    return { error: error.message.split('\n')[0] };
  } finally {
    await page.close();
  }
}

/** In the page: seconds until the table stands. */
async function press() {
  const part = (name) => document.querySelector(`[data-testid=${name}]`);
  const refused = () => part('loss-fault') ?? part('loss-refused');
  const begin = performance.now();
  if (!refused()) part('loss-run').click();
  while (!part('losses')) {
    if (refused()) throw new Error(refused().textContent.trim());
    await new Promise((later) => setTimeout(later, 50));
  }
  return (performance.now() - begin) / 1000;
}
