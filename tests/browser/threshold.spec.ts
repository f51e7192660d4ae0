/** The threshold: foretold by the plan, found by the run, asked by the dial, and kept by an alpha_pattern. */
import { fileURLToPath } from 'node:url';
import { readFileSync } from 'node:fs';
import { expect, test, type Page } from '@playwright/test';
import { analyze, BUILDS, chooseFolder, open, planned, reaches } from './support';

const sample = (name: string) => fileURLToPath(new URL(`../../www/public/sample/${name}`, import.meta.url));

/** The plan of the sample's base and two of its adapters. */
async function plan(page: Page): Promise<void> {
  await open(page, { ...BUILDS[1], address: './?build=simd&store=off' });
  for (const [at, folder] of ['all-MiniLM-L6-v2', 'lora-r1', 'lora-r64'].entries()) {
    await chooseFolder(page, sample(folder));
    // An adapter is two files.
    await planned(page, 1 + 2 * at);
  }
}

const figure = (page: Page) => page.locator('[data-testid=figure][data-figure=threshold]');

test('what the plan foretells is what the run finds', async ({ page }) => {
  await plan(page);
  await page.getByTestId('foresee').click();
  const foreseen = page.getByTestId('foreseen-model');
  await expect(foreseen).toHaveCount(2, { timeout: 30_000 });
  await expect(page.getByTestId('plan')).toContainText('yardstick');
  const counts = async () =>
    (await foreseen.allTextContents()).map((said) => {
      const [, below, all] = /in (\d+|none) of (\d+) matrices/.exec(said) ?? [];
      return [below === 'none' ? 0 : Number(below), Number(all)] as const;
    });
  const foretold = await counts();
  expect(foretold.map(([, all]) => all)).toEqual([24, 24]);
  await analyze(page);
  const [below, all] = foretold.reduce(([a, b], [x, y]) => [a + x, b + y] as const, [0, 0] as const);
  await expect(figure(page)).toContainText(`Below the threshold in ${below} of ${all} matrices`);
});

test('the check before computing can be broken off and begun again', async ({ page }) => {
  await plan(page);
  await page.getByTestId('foresee').click();
  await page.getByTestId('stop-foreseeing').click();
  await expect(page.getByTestId('foresee')).toBeVisible();
  await page.getByTestId('foresee').click();
  await expect(page.getByTestId('foreseen-model')).toHaveCount(2, { timeout: 30_000 });
});

test('the dial of strength says which matrices cross, by slider and by field, and the link keeps it', async ({
  page,
}) => {
  await plan(page);
  await analyze(page);
  const field = page.getByTestId('times-exact');
  const said = page.getByTestId('crossing');
  await expect(said).toHaveText('');
  await field.fill('3');
  await field.press('Enter');
  await expect(said).toContainText('At α × 3, ');
  await expect(page).toHaveURL(/times=3\b/);
  await page.getByTestId('times-slider').press('ArrowLeft');
  await expect(field).toHaveValue('2.95');
  // What makes no sense is taken back.
  await field.fill('-1');
  await field.press('Enter');
  await expect(field).toHaveValue('2.95');
  await page.getByTestId('as-trained').click();
  await expect(said).toHaveText('');
  await expect(field).toHaveValue('1');
});

test('an alpha_pattern keeps the modules at the margin that was asked for', async ({ page }, info) => {
  await plan(page);
  await analyze(page);
  await reaches(page, 'done');
  const budget = page.getByTestId('alpha-budget');
  await budget.locator('summary').click();
  await expect(page.getByTestId('budget-said')).toContainText(/α is lowered in \d+ of 24 modules/);
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByTestId('save-alpha-pattern').click()]);
  expect(file.suggestedFilename()).toBe('lora-r1-alpha_pattern.json');
  const path = info.outputPath('pattern.json');
  await file.saveAs(path);
  const pattern = JSON.parse(readFileSync(path, 'utf8')) as {
    about: string;
    alpha_pattern: Record<string, number>;
    left_out: Record<string, string>;
  };
  expect(pattern.about).toContain('yardstick');
  expect(Object.keys(pattern.alpha_pattern)).toHaveLength(24);
  expect(pattern.left_out).toEqual({});
  const lowered = async () =>
    Number(/in (\d+) of/.exec((await page.getByTestId('budget-said').textContent()) ?? '')?.[1]);
  const before = await lowered();
  await page.getByTestId('budget-most').fill('0.1');
  await page.getByTestId('budget-most').press('Enter');
  await expect.poll(lowered).toBeGreaterThan(before);
});
