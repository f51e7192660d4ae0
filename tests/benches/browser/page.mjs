// The built page, driven as a visitor drives it. Each run is a fresh page: code is cold, as for a visitor.
import { readFileSync } from 'node:fs';
import { chromium } from '@playwright/test';
import { BROWSER_ARGS, findBrowser } from '../../tools/browser.mjs';

const LONG = 600_000;

export async function startPage(url) {
  const browser = await chromium.launch({ executablePath: await findBrowser(), args: BROWSER_ARGS });
  return { version: browser.version(), run: (folder, query) => run(browser, `${url}${query}`, folder), close: () => browser.close() };
}

/** From a folder of files to the report: the page's own seconds from click to done, and the memory its process reached. */
async function run(browser, address, folder) {
  const page = await browser.newPage();
  page.setDefaultTimeout(LONG);
  try {
    await page.goto(address);
    await page.waitForSelector('html[data-build]', { state: 'attached' });
    await page.getByTestId('folder-input').setInputFiles(folder);
    await state(page, 'ready');
    await page.getByTestId('analyze').first().click();
    await state(page, 'done');
    const { build, threads, runSeconds } = await page.evaluate(() => ({ ...document.documentElement.dataset }));
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByTestId('export-json').first().click()]);
    const report = JSON.parse(readFileSync(await download.path(), 'utf8'));
    return { build, threads: Number(threads), seconds: Number(runSeconds), counts: counts(report), peakMiB: await peak(browser) };
  } finally {
    await page.close();
  }
}

async function state(page, wanted) {
  const status = page.getByTestId('status');
  await page.waitForFunction((w) => [w, 'error'].includes(document.querySelector('[data-testid=status]')?.dataset.state), wanted);
  if ((await status.getAttribute('data-state')) === 'error') throw new Error(`the page reports: ${await page.getByTestId('error').allInnerTexts()}`);
}

function counts(report) {
  const entries = report.models.flatMap((model) => model.matrices.filter((m) => m.status === 'analyzed').map((m) => [`${model.label}:${m.name}`, m.intruders]));
  return Object.fromEntries(entries);
}

/** Linux tells how much a process ever held; elsewhere there is no such number. */
async function peak(browser) {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  const held = processInfo.filter((p) => p.type === 'renderer').map((p) => {
    try {
      return Number(readFileSync(`/proc/${p.id}/status`, 'utf8').match(/VmHWM:\s+(\d+)/)[1]);
    } catch {
      return 0;
    }
  });
  return Math.round(Math.max(...held) / 1024) || null;
}
