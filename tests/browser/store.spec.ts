/** The store of results: a reload, a cancel and a full disk lose nothing that was done, and the reader can empty it. */
import { fileURLToPath } from 'node:url';
import { expect, test, type Page } from '@playwright/test';
import { inBuild } from './breadth';
import { checkCount, reference } from './reference';
import {
  BUILDS,
  chooseFolder,
  computeSample,
  number,
  open,
  planned,
  reaches,
  summary,
  troubles,
  trySample,
} from './support';

const MODELS = [
  ['full', 'Full'],
  ['lora-r1', 'LoRA r = 1'],
  ['lora-r8-alpha8', 'LoRA r = 8'],
  ['lora-r64', 'LoRA r = 64'],
] as const;
const MATRICES = 24;

/** Waits in the page, frame by frame, until so many matrices are done; the run may be over a moment later. */
async function done(page: Page, matrices: number): Promise<void> {
  await page.waitForFunction(
    (wanted) => Number(document.querySelector('[data-testid=progress]')?.getAttribute('aria-valuenow')) >= wanted,
    matrices,
  );
}

/** The number of matrices that did not have to be computed, as the status says. */
async function earlier(page: Page): Promise<number> {
  const said = await page.getByTestId('status').innerText();
  return number(/(\d+) of 24 from earlier/.exec(said)?.[1] ?? '0');
}

async function checkSample(page: Page): Promise<void> {
  for (const [file, label] of MODELS)
    checkCount((await summary(page, label)).intruders, reference('sample-expected', file), 10, 0.5, label);
}

for (const version of BUILDS) {
  inBuild(version)(`a reload in the middle of a run goes on from there, ${version.build}`, async ({ page }) => {
    test.setTimeout(120_000);
    const wrong = await troubles(page);
    await open(page, version);
    await computeSample(page);
    await done(page, 3);
    const before = Number(
      await page
        .getByTestId('progress')
        .getAttribute('aria-valuenow')
        .catch(() => MATRICES),
    );
    await page.reload();
    await trySample(page);
    const kept = await earlier(page);
    expect(kept).toBeGreaterThanOrEqual(Math.max(3, before));
    await checkSample(page);

    // All of it is kept now; the whole sample takes no computing.
    await page.reload();
    await trySample(page);
    expect(await earlier(page)).toBe(MATRICES);
    await expect(page.locator('.head .sub')).toContainText('24 of 24 from earlier');
    await checkSample(page);
    expect(wrong).toEqual([]);
  });
}

test('a cancelled run keeps for the next visit too', async ({ page }) => {
  await open(page);
  await computeSample(page);
  await done(page, 2);
  await page.keyboard.press('Escape');
  await reaches(page, 'cancelled');
  const finished = number(/^Cancelled after (\d+) of 24$/.exec(await page.locator('h1').innerText())?.[1] ?? '');
  await page.reload();
  await trySample(page);
  expect(await earlier(page)).toBeGreaterThanOrEqual(finished);
});

test('the reader sees what is kept, and empties it', async ({ page }) => {
  test.setTimeout(120_000);
  await open(page);
  await expect(page.getByTestId('clear-store')).toHaveCount(0);
  await trySample(page);
  await page.getByRole('button', { name: 'Start over' }).click();
  // One result per matrix and model.
  const kept = page.locator('dd', { has: page.getByTestId('clear-store') });
  await expect(kept).toContainText(new RegExp(`^${MATRICES * MODELS.length} finished results, [\\d.]+ [kM]B`));
  await page.getByTestId('clear-store').click();
  await expect(page.getByTestId('clear-store')).toHaveCount(0);
  await page.reload();
  await trySample(page);
  expect(await earlier(page)).toBe(0);
});

test('a full disk stops no run, and is said once', async ({ page }) => {
  test.setTimeout(120_000);
  await open(page);
  const client = await page.context().newCDPSession(page);
  await client.send('Storage.overrideQuotaForOrigin', { origin: new URL(page.url()).origin, quotaSize: 1 });
  await trySample(page);
  const notice = page.getByTestId('store-notice');
  await expect(notice).toHaveCount(1);
  await expect(notice).toContainText('full');
  await expect(page.getByTestId('error')).toHaveCount(0);
  await checkSample(page);
  // With space again, clearing forgets the notice and the next run keeps its results.
  await client.send('Storage.overrideQuotaForOrigin', { origin: new URL(page.url()).origin });
  await page.reload();
  await trySample(page);
  await expect(notice).toHaveCount(0);
  await page.reload();
  await trySample(page);
  expect(await earlier(page)).toBe(MATRICES);
});

test('where the browser refuses its storage, a run goes on and says so', async ({ page }) => {
  const refuse = "IDBFactory.prototype.open = () => { throw new DOMException('not here', 'SecurityError'); };\n";
  await page.addInitScript(refuse);
  // Scripts of the page do not reach into its workers: the worker's own gets the same line.
  await page.route(/engine\.worker[^/]*\.js/, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: refuse + (await response.text()) });
  });
  await open(page);
  await trySample(page);
  await expect(page.getByTestId('store-notice')).toContainText('refuses its storage');
  await checkSample(page);
});

test('store=off keeps nothing', async ({ page }) => {
  await open(page, { build: 'threads', address: './?store=off' });
  await trySample(page);
  await expect(page.getByTestId('store-notice')).toHaveCount(0);
  expect(await page.evaluate(async () => (await indexedDB.databases()).length)).toBe(0);
});

test('a run that a reload broke off is named with how far it came, until it is done', async ({ page }) => {
  test.setTimeout(120_000);
  const sample = fileURLToPath(new URL('../../www/public/sample/', import.meta.url));
  const begin = async () => {
    await open(page);
    await chooseFolder(page, `${sample}all-MiniLM-L6-v2`);
    await planned(page, 1);
    await chooseFolder(page, `${sample}full`);
    await planned(page, 2);
    await page.getByTestId('analyze').click();
  };
  await begin();
  await done(page, 2);
  await page.reload();
  const earlier = page.getByTestId('earlier');
  await expect(earlier).toContainText(
    /^A run of full on all-MiniLM-L6-v2 stopped at \d+ of 24 matrices\. Choose the same/,
  );
  await begin();
  await reaches(page, 'done');
  await page.reload();
  await expect(earlier).toContainText('24 results of earlier runs are kept.');
});
