/** Helpers of the specs: the fixtures, the ways files reach the page, and what the page says. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, type FrameLocator, type Locator, type Page } from '@playwright/test';
import { filesOver } from './begin.mjs';

/** Both builds that ship, and the address of each. */
export const BUILDS = [
  { build: 'threads', address: './' },
  { build: 'simd', address: './?build=simd' },
] as const;

export function fixture(path: string): string {
  return fileURLToPath(new URL(`../fixtures/${path}`, import.meta.url));
}

export function readJson<T>(path: string): T {
  return JSON.parse(readFileSync(fixture(path), 'utf8')) as T;
}

/** Begins the engine as a reader does who comes with files. */
export const begin = (page: Page): Promise<void> => page.evaluate(filesOver);

/** Begins the engine and waits for the build that runs. Again and again: a page that isolates itself loads once more. */
export async function ready(page: Page | FrameLocator, build: string | RegExp = /./, timeout = 15_000): Promise<void> {
  const html = page.locator('html');
  await expect(async () => {
    await html.evaluate(filesOver);
    await expect(html).toHaveAttribute('data-build', build, { timeout: 1000 });
  }).toPass({ timeout });
}

/** Opens the page and waits for the engine: the build asked for must be the one that runs. */
export async function open(
  page: Page,
  { build, address }: { build: string; address: string } = BUILDS[0],
): Promise<void> {
  await page.goto(address);
  await ready(page, build === 'simd' ? 'simd' : /^threads\+/);
}

/** Drops files and folders from the disk, as the operating system hands them over: folders arrive as folders. */
export async function drop(page: Page, paths: string[]): Promise<void> {
  const client = await page.context().newCDPSession(page);
  const data = { items: [], files: paths, dragOperationsMask: 1 };
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
    await client.send('Input.dispatchDragEvent', { type, x: 200, y: 200, data });
  }
  await client.detach();
}

export const chooseFiles = (page: Page, files: Parameters<Locator['setInputFiles']>[0]) =>
  page.getByTestId('file-input').setInputFiles(files);
export const chooseFolder = (page: Page, folder: string) => page.getByTestId('folder-input').setInputFiles(folder);

/** The plan that knows so many files; earlier plans pass by on the way. */
export async function planned(page: Page, files: number): Promise<void> {
  const said = files === 1 ? '1 file, ' : `${files} files, `;
  await expect(page.getByTestId('plan').locator('.sub').first()).toContainText(
    new RegExp(`^${said}.*headers have been read`),
  );
}

export async function reaches(page: Page, state: string, timeout = 45_000): Promise<void> {
  await expect(page.getByTestId('status')).toHaveAttribute('data-state', state, { timeout });
}

export async function analyze(page: Page): Promise<void> {
  await page.getByTestId('analyze').click();
  await reaches(page, 'done');
}

/** From the empty page to a run of the sample: its stored results come first. */
export async function computeSample(page: Page): Promise<void> {
  await page.getByTestId('try-sample').click();
  await page.getByTestId('compute-sample').click();
  await expect(page.getByTestId('compute-sample')).toHaveCount(0);
}

export async function trySample(page: Page): Promise<void> {
  await computeSample(page);
  await reaches(page, 'done');
}

/** The summary's line of one model, as numbers. */
export async function summary(
  page: Page,
  label: string,
): Promise<{ intruders: number; weakest: number; effectiveRank: number }> {
  const cell = (title: string) =>
    page.locator(`[data-testid=model-row][data-label="${label}"] td[data-l^="${title}"]`).locator('span').innerText();
  return {
    intruders: number(await cell('Intruders of')),
    weakest: number(await cell('Weakest match')),
    effectiveRank: number(await cell('Effective rank')),
  };
}

/** A number as the page prints it: thousands separated, U+2212 for minus. */
export function number(text: string): number {
  return Number(text.replace(/,/g, '').replace('\u2212', '-'));
}

/** The hover card of a figure: its title, and its lines by name. */
export async function card(figure: Locator): Promise<{ title: string; lines: Map<string, string> }> {
  const box = figure.locator('.card');
  const [names, values] = [await box.locator('dt').allInnerTexts(), await box.locator('dd').allInnerTexts()];
  return {
    title: await box.locator('b').first().innerText(),
    lines: new Map(names.map((name, at) => [name, values[at] ?? ''])),
  };
}

/** The list of everything that must not happen in a page, gathered from now on: call it before the page is opened. */
export async function troubles(page: Page): Promise<string[]> {
  const found: string[] = [];
  page.on('pageerror', (error) => found.push(`uncaught: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error') found.push(`console: ${message.text()}`);
  });
  await page.exposeFunction('reportViolation', (what: string) => found.push(`policy: ${what}`));
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      (globalThis as unknown as { reportViolation(what: string): void }).reportViolation(
        `${event.violatedDirective} ${event.blockedURI}`,
      );
    });
  });
  return found;
}
