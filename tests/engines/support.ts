/** Helpers of the specs: a browser for a whole file, a host that hears of every error, and the page's ways. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@playwright/test';
import { lookFor } from '../../tools/browser.mjs';
import { filesOver } from '../browser/begin.mjs';
import { type Host, plainHost } from '../browser/plain-host';
import { start } from './driver';
import type { Found, Name } from './engine';
import { Tab, testid } from './tab';

export const root = fileURLToPath(new URL('../../', import.meta.url));
export const dist = `${root}dist/`;

/** As a good host sends them. */
const ISOLATED = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };

/** Before anything else in a page: everything that must not happen, kept where the next page of the tab finds it too. */
const WATCH = `globalThis.wrong = [];
addEventListener('error', (e) => wrong.push('error: ' + (e.message || (e.target && e.target.src))), true);
addEventListener('unhandledrejection', (e) => wrong.push('rejected: ' + e.reason));
document.addEventListener('securitypolicyviolation', (e) => wrong.push('policy: ' + e.violatedDirective + ' ' + e.blockedURI));
const logged = console.error;
console.error = (...all) => { wrong.push('console: ' + all.join(' ')); logged(...all); };`;

const watched = (page: string) =>
  page.replace('<meta charset="utf-8"', '<script src="/watch.js"></script><meta charset="utf-8"');

/** A host of its own origin, so that nothing kept by another test is there. */
export async function host(
  folders: Record<string, string> = { '/': dist },
  headers: Record<string, string> = ISOLATED,
): Promise<Host> {
  const watch = mkdtempSync(join(tmpdir(), 'lorascope-watch-'));
  writeFileSync(join(watch, 'watch.js'), WATCH);
  const { url, close } = await plainHost({ ...folders, '/watch.js': join(watch, 'watch.js') }, headers, watched);
  return {
    url,
    async close() {
      await close();
      rmSync(watch, { recursive: true });
    },
  };
}

/** The engine of this project. */
export const engine = (): Name => test.info().project.name as Name;

/** A browser for all tests of a file. Without one they are skipped, which the run counts. */
export function eachTab(): { readonly tab: Tab } {
  const now: { tab?: Tab; missing?: string } = {};
  test.beforeAll(async () => {
    const found = lookFor(engine());
    if ('missing' in found) now.missing = found.missing;
    else now.tab = await open(found);
  });
  test.afterAll(() => now.tab?.driver.close());
  test.beforeEach(() => test.skip(!now.tab, now.missing));
  // docs/browsers.md says which browser it was.
  test.afterEach(() => {
    if (now.tab) test.info().annotations.push({ type: 'version', description: now.tab.driver.version });
  });
  return now as { tab: Tab };
}

export async function open(found: Found, dark = false): Promise<Tab> {
  const driver = await start(engine(), found, dark);
  await driver.send('window', { x: 0, y: 0, width: 1440, height: 1000 });
  return new Tab(engine(), driver);
}

/** The errors of the page that is open. */
export const wrong = (tab: Tab): Promise<string[]> =>
  tab.run(() => (globalThis as unknown as { wrong: string[] }).wrong);

/** Begins the engine as a reader does who comes with files, and waits for the build that runs; a page that isolates itself loads once more meanwhile. */
export async function ready(tab: Tab, build = /./): Promise<void> {
  const said = async () => {
    await tab.run(filesOver).catch(() => undefined);
    return tab.now('html', 'data-build');
  };
  await expect.poll(said, { timeout: 60_000, intervals: [100, 250] }).toMatch(build);
}

export const state = (tab: Tab, wanted: string): Promise<void> =>
  tab.reaches(testid('status'), 'data-state', wanted, 300_000);

/** From the empty page to a run of the sample. */
export async function computeSample(tab: Tab): Promise<void> {
  await tab.click(testid('try-sample'));
  await tab.click(testid('compute-sample'));
  await expect.poll(() => tab.count(testid('compute-sample'))).toBe(0);
}

/** Chooses files, and waits for the plan that knows so many. */
export async function choose(tab: Tab, paths: readonly string[], files = paths.length): Promise<void> {
  await tab.choose(testid('file-input'), paths);
  await planned(tab, files);
}

export const planned = (tab: Tab, files: number): Promise<void> =>
  tab.reaches(`${testid('plan')} .sub`, '', new RegExp(`^${files} files?, .*headers have been read`));

/** The report of the run, as a reader saves it. */
export async function report<T>(tab: Tab): Promise<T> {
  const file = await tab.download(() => tab.click(testid('export-json')));
  return JSON.parse(readFileSync(file, 'utf8')) as T;
}

export { expect, test };
