/** Modes: exact, certified, automatic. The choice, what a certified run shows within bounds, and the ways from there to exact numbers. */
import { readFileSync } from 'node:fs';
import { expect, test, type Page } from '@playwright/test';
import { inBuild } from './breadth';
import { checkCount, reference } from './reference';
import { checkReport, type Report } from './schema';
import { BUILDS, chooseFolder, fixture, open, planned, reaches, summary, trySample } from './support';

const LABEL = 'LoRA r = 8';
const rows = reference('sample-expected', 'lora-r8-alpha8');
const at = (version: (typeof BUILDS)[number], query: string) => ({
  ...version,
  address: `${version.address}${version.address.includes('?') ? '&' : '?'}${query}`,
});

async function saved(page: Page): Promise<Report> {
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByTestId('export-json').click()]);
  const report: unknown = JSON.parse(readFileSync(await download.path(), 'utf8'));
  checkReport(report);
  return report;
}

const modes = (report: Report) => new Set(report.models.flatMap((model) => model.matrices.map((m) => m.mode)));

/** Presses a button that starts a run, and waits for its end: the state before the run reads done too, but the button is still there. */
async function runBy(page: Page, button: string): Promise<void> {
  await page.getByTestId(button).click();
  await page.waitForFunction(
    (id) => {
      const state = document.querySelector<HTMLElement>('[data-testid=status]')?.dataset['state'];
      return state === 'done' && !document.querySelector(`[data-testid=${id}]`);
    },
    button,
    { timeout: 60_000 },
  );
}

/** The smallest plan with something to compute. */
async function planPlanted(page: Page): Promise<void> {
  await chooseFolder(page, fixture('planted/base'));
  await planned(page, 1);
  await chooseFolder(page, fixture('planted/lambda_1.5'));
  await planned(page, 2);
}

test('the plan offers the modes, and the address presets one', async ({ page }) => {
  await open(page);
  await planPlanted(page);
  const radio = (name: RegExp) => page.getByTestId('mode').getByRole('radio', { name });
  await expect(radio(/^Automatic/)).toBeChecked();
  await radio(/^Exact/).check();
  await expect(radio(/^Exact/)).toBeChecked();
  for (const [mode, name] of [
    ['exact', /^Exact/],
    ['certified', /^Certified/],
    ['auto', /^Automatic/],
    ['other', /^Automatic/],
  ] as const) {
    await open(page, { build: 'threads', address: `./?mode=${mode}` });
    await planPlanted(page);
    await expect(radio(name)).toBeChecked();
  }
});

for (const version of BUILDS) {
  inBuild(version)(
    `a certified run shows bounds, and exact numbers where they are asked for, ${version.build}`,
    async ({ page }) => {
      test.setTimeout(240_000);
      await open(page, at(version, 'mode=certified'));
      await trySample(page);
      const bounded = await saved(page);
      expect(bounded.settings.mode).toBe('certified');
      expect(modes(bounded)).toEqual(new Set(['certified']));
      await expect(page.locator('.head .sub')).toContainText('certified');

      await test.step('an interval is shown as one', async () => {
        const between = bounded.models.flatMap((model) => model.matrices).find(isOpen)!;
        expect(between, 'some best match is known within bounds only').toBeTruthy();
        await page.locator('[data-testid=matrix-row] svg.strip').first().waitFor();
        await page.getByRole('button', { name: /^Show the other/ }).click();
        await page.locator(`[data-testid=matrix-row][data-name="${between.name}"]`).click();
        const label = bounded.models.find((model) => model.matrices.includes(between))!;
        const choice = page.locator('button.qd').nth(bounded.models.indexOf(label));
        await choice.click();
        await expect(page.getByTestId('best-matches')).toContainText(/\d\.\d\d–\d\.\d\d|≤ \d\.\d\d/);
      });

      await test.step('one matrix', async () => {
        const name = await page.locator('.head .sub .mono').innerText();
        await expect(page.locator('.deeper')).toContainText(/about .+ s|about .+ min/);
        await runBy(page, 'exact-matrix');
        await expect(page.getByTestId('best-matches')).toHaveCount(0);
        await page.keyboard.press('Escape');
        const report = await saved(page);
        for (const model of report.models)
          for (const m of model.matrices) expect(m.mode, m.name).toBe(m.name === name ? 'exact' : 'certified');
      });

      await test.step('the whole k axis', async () => {
        await page.getByTestId('k-slider').fill('50');
        await expect(page.locator('.deeper', { has: page.getByTestId('exact-all') })).toContainText(
          'k = 50 goes beyond',
        );
        await runBy(page, 'exact-all');
        checkCount((await summary(page, LABEL)).intruders, rows, 50, 0.5, LABEL);
      });

      // The window was too wide for every certified matrix: none is left.
      await expect(page.getByTestId('exact-all')).toHaveCount(0);
      await page.getByTestId('k-slider').fill('10');
      await expect(page.getByTestId('k-exact')).toHaveValue('10');
      checkCount((await summary(page, LABEL)).intruders, rows, 10, 0.5, LABEL);
      expect(modes(await saved(page))).toEqual(new Set(['exact']));
    },
  );
}

test('all matrices exactly, with a cancel on the way that loses nothing', async ({ page }) => {
  test.setTimeout(120_000);
  await open(page, { build: 'threads', address: './?mode=certified&store=off' });
  await trySample(page);
  await page.getByTestId('exact-all').click();
  await page.waitForFunction(
    () => Number(document.querySelector('[data-testid=progress]')?.getAttribute('aria-valuenow')) >= 1,
  );
  // What is computed again still has its earlier result.
  await expect(page.getByTestId('model-row')).toHaveCount(4);
  await page.keyboard.press('Escape');
  await reaches(page, 'cancelled');
  await page.getByRole('button', { name: /^Show the other/ }).click();
  await expect(page.getByTestId('matrix-row')).toHaveCount(24);
  await runBy(page, 'exact-all');
  checkCount((await summary(page, LABEL)).intruders, rows, 10, 0.5, LABEL);
});

test('another mode after a run computes what it lacks, and nothing where exact results are there', async ({ page }) => {
  test.setTimeout(120_000);
  await open(page, { build: 'threads', address: './?mode=certified' });
  await trySample(page);
  await page.getByRole('button', { name: 'Plan', exact: true }).click();
  const mode = (name: RegExp) => page.getByTestId('mode').getByRole('radio', { name });
  await expect(page.getByTestId('analyze')).toHaveText('Show results');
  await mode(/^Exact/).check();
  await expect(page.getByTestId('analyze')).toHaveText(/24/);
  await runBy(page, 'analyze');
  await page.getByRole('button', { name: 'Plan', exact: true }).click();
  await mode(/^Certified/).check();
  await expect(page.getByTestId('analyze')).toHaveText('Show results');
});

test('the other side of a certified run is computed on request', async ({ page }) => {
  test.setTimeout(120_000);
  await open(page, { build: 'threads', address: './?mode=certified' });
  await trySample(page);
  await expect(page.getByTestId('compute-side')).toHaveCount(0);
  await page.locator('button[data-side=right]').click();
  await runBy(page, 'compute-side');
  await page.locator('button[data-side=left]').click();
  await expect(page.getByTestId('compute-side')).toHaveCount(0);
});

/** Whether a matrix has, within the window, a match whose bounds differ in print. */
function isOpen(m: Report['models'][number]['matrices'][number]): boolean {
  return (m.left?.maxCosUpper ?? []).slice(0, 10).some((high, j) => high.toFixed(2) !== m.left!.maxCos[j]!.toFixed(2));
}
