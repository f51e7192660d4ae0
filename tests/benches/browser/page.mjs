// The built page, driven as a visitor drives it. Each run is a fresh page: code is cold, as for a visitor.
import { readFileSync } from 'node:fs';
import { filesOver } from '../../browser/begin.mjs';
import { memory } from './memory.mjs';

/**
 * From a folder of files to the report: the page's own seconds from click to done, and the memory its process reached.
 * `watch(page)` may look on while it computes; what its `stop(seconds)` returns is part of the answer.
 */
export async function runPage(browser, address, folder, { limit, watch }) {
  const page = await browser.newPage();
  page.setDefaultTimeout(limit * 1000);
  try {
    await page.goto(address);
    await page.evaluate(filesOver);
    await page.waitForSelector('html[data-build]', { state: 'attached' });
    await page.getByTestId('folder-input').setInputFiles(folder);
    await state(page, 'ready');
    await page.getByTestId('analyze').first().click();
    const watching = watch?.(page);
    await state(page, 'done').catch(async (error) => {
      await watching?.(0);
      throw error;
    });
    const { build, threads, runSeconds } = await page.evaluate(() => ({ ...document.documentElement.dataset }));
    const seconds = Number(runSeconds);
    const watched = (await watching?.(seconds)) ?? { peakMiB: await memory(browser, 'VmHWM') };
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByTestId('export-json').first().click(),
    ]);
    const report = JSON.parse(readFileSync(await download.path(), 'utf8'));
    return {
      build,
      threads: Number(threads),
      seconds,
      counts: counts(report),
      failed: failed(report),
      ...watched,
    };
  } catch (error) {
    return { error: error.message.split('\n')[0] };
  } finally {
    await page.close();
  }
}

/** Waits for a state of the page; an error of the page is one. */
export async function state(page, wanted) {
  const status = page.getByTestId('status');
  // Not every frame, which is what Playwright would do: frames take the time that is measured.
  await page.waitForFunction(
    (w) => [w, 'error'].includes(document.querySelector('[data-testid=status]')?.dataset.state),
    wanted,
    { polling: 250 },
  );
  if ((await status.getAttribute('data-state')) === 'error')
    throw new Error(`the page reports: ${await page.getByTestId('error').allInnerTexts()}`);
}

const matrices = (report, status) =>
  report.models.flatMap(({ label, matrices }) =>
    matrices.filter((m) => m.status === status).map((m) => [`${label}:${m.name}`, m]),
  );

export function counts(report) {
  return Object.fromEntries(matrices(report, 'analyzed').map(([key, m]) => [key, m.intruders]));
}

/** The first reason, if a matrix failed: such a run is no time. */
export function failed(report) {
  return matrices(report, 'failed').map(([key, m]) => `${key}: ${m.reason}`)[0];
}
