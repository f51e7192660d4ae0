/** Crashes of the worker, and files that change: what is finished stays, and the run goes on with the rest. */
import { cpSync, mkdtempSync, openSync, rmSync, writeSync, closeSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test, type Page } from '@playwright/test';
import { inBuild } from './breadth';
import { checkCount, reference } from './reference';
import { BUILDS, chooseFolder, computeSample, open, planned, reaches, summary } from './support';

const MATRICES = 24;
const sample = fileURLToPath(new URL('../../www/public/sample/', import.meta.url));

/** Every worker that the page starts, so that a test can end it as a browser short of memory would: without a word. */
async function watchWorkers(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const started: Worker[] = [];
    const Native = Worker;
    Object.assign(globalThis, {
      started,
      Worker: class extends Native {
        constructor(...given: ConstructorParameters<typeof Worker>) {
          super(...given);
          started.push(this);
        }
      },
    });
  });
}

/** Ends the engine as soon as so many matrices are done. */
async function kill(page: Page, after: number): Promise<void> {
  await page.waitForFunction((wanted) => {
    if (!(Number(document.querySelector('[data-testid=progress]')?.getAttribute('aria-valuenow')) >= wanted))
      return false;
    (globalThis as unknown as { started: Worker[] }).started.at(-1)!.terminate();
    return true;
  }, after);
}

for (const version of BUILDS) {
  inBuild(version)(
    `a worker that ends in silence is replaced, and nothing finished is lost, ${version.build}`,
    async ({ page }) => {
      test.setTimeout(120_000);
      await watchWorkers(page);
      // Nothing kept: what is there in the end was held by the page or computed again.
      await open(page, {
        ...version,
        address: `${version.address}${version.address.includes('?') ? '&' : '?'}store=off`,
      });
      await computeSample(page);
      await kill(page, 2);
      await reaches(page, 'done');
      expect(await page.evaluate(() => (globalThis as unknown as { started: Worker[] }).started.length)).toBe(2);
      await expect(page.getByTestId('error')).toHaveCount(0);
      for (const [file, label] of [
        ['full', 'Full'],
        ['lora-r64', 'LoRA r = 64'],
      ] as const) {
        checkCount((await summary(page, label)).intruders, reference('sample-expected', file), 10, 0.5, label);
      }
    },
  );
}

test('a worker that dies twice costs no more than what it was at', async ({ page }) => {
  await watchWorkers(page);
  await open(page, { build: 'threads', address: './?store=off' });
  await computeSample(page);
  await kill(page, 2);
  await kill(page, 8);
  await reaches(page, 'done');
  await expect(page.getByTestId('model-row')).toHaveCount(4);
  await page.getByRole('button', { name: /^Show the other/ }).click();
  await expect(page.getByTestId('matrix-row')).toHaveCount(MATRICES);
});

test('a file that changes under a run fails what is not done, in words, and nothing else', async ({ page }) => {
  const folder = mkdtempSync(join(tmpdir(), 'lorascope-'));
  try {
    cpSync(join(sample, 'all-MiniLM-L6-v2'), join(folder, 'base'), { recursive: true });
    cpSync(join(sample, 'full'), join(folder, 'full'), { recursive: true });
    await open(page, { build: 'threads', address: './?store=off&threads=1' });
    await chooseFolder(page, join(folder, 'base'));
    await planned(page, 1);
    await chooseFolder(page, join(folder, 'full'));
    await planned(page, 2);
    await page.getByTestId('analyze').click();
    await page.waitForFunction(
      () => Number(document.querySelector('[data-testid=progress]')?.getAttribute('aria-valuenow')) >= 2,
    );
    change(join(folder, 'full', 'model.safetensors'));
    await reaches(page, 'done');

    const failed = page.locator('[data-testid=error][data-code=matrix-failed]');
    const count = await failed.count();
    expect(count).toBeGreaterThan(0);
    expect(count).toBeLessThanOrEqual(MATRICES - 2);
    // Of more than a few, the first says the cause and names the others, which repeat only what differs.
    const causes = page.locator('.errs > [data-code=matrix-failed] > .cause');
    for (const cause of await causes.all()) await expect(cause).toContainText('changed or was moved');
    for (const other of await failed.locator('.alike li').all()) await expect(other).toHaveText(/^full › \S+\s*$/);
    await page.getByRole('button', { name: /^Show the other/ }).click();
    await expect(page.getByTestId('matrix-row')).toHaveCount(MATRICES);
    await expect(page.locator('[data-testid=matrix-row]:not(:has(span.error))')).toHaveCount(MATRICES - count);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

/** One byte, and a date that no browser can miss. */
function change(path: string): void {
  const file = openSync(path, 'r+');
  writeSync(file, Buffer.from([1]), 0, 1, 7_000_000);
  closeSync(file);
  utimesSync(path, new Date(), new Date(Date.now() + 60_000));
}
