/** The sample: one click to its stored results, one more to compute them here, with the counts of the reference, in both builds. */
import { expect, test } from '@playwright/test';
import { checkCount, EPSILONS, reference } from './reference';
import { BUILDS, chooseFiles, computeSample, fixture, open, planned, reaches, summary, trySample } from './support';

const MODELS = [
  ['full', 'Full'],
  ['lora-r1', 'LoRA r = 1'],
  ['lora-r8-alpha8', 'LoRA r = 8'],
  ['lora-r64', 'LoRA r = 64'],
] as const;

for (const version of BUILDS) {
  test(`the sample counts as the reference does, ${version.build}`, async ({ page }) => {
    test.setTimeout(120_000);
    await open(page, version);
    await trySample(page);
    await expect(page.getByTestId('model-row')).toHaveCount(MODELS.length);
    for (const epsilon of EPSILONS) {
      await page.getByTestId('epsilon-slider').fill(String(epsilon));
      await expect(page.getByTestId('epsilon-exact')).toHaveValue(epsilon.toFixed(2));
      for (const [file, label] of MODELS) {
        const rows = reference('sample-expected', file);
        expect(rows).toHaveLength(24);
        checkCount((await summary(page, label)).intruders, rows, 10, epsilon, label);
      }
    }
  });
}

test('its stored results are there without an engine, and are what is computed here', async ({ page }) => {
  test.setTimeout(120_000);
  const asked: string[] = [];
  page.on('request', (request) => asked.push(request.url()));
  await page.goto('./?store=off');
  await page.getByTestId('try-sample').click();
  await reaches(page, 'done');
  await expect(page.locator('.head .sub')).toContainText('computed before and stored with this page');
  const seen = async () => {
    const said = [];
    for (const epsilon of [0.3, 0.5, 0.8]) {
      await page.getByTestId('epsilon-slider').fill(String(epsilon));
      await expect(page.getByTestId('epsilon-exact')).toHaveValue(epsilon.toFixed(2));
      for (const [file, label] of MODELS)
        checkCount((await summary(page, label)).intruders, reference('sample-expected', file), 10, epsilon, label);
      said.push(await page.getByTestId('model-row').allInnerTexts());
    }
    await page.getByTestId('epsilon-slider').fill('0.5');
    return said;
  };
  const stored = await seen();
  // Every matrix has its map.
  await page.getByTestId('matrix-row').nth(5).click();
  await expect(page.locator('[data-figure=similarity] canvas').first()).toHaveAttribute('aria-label', /.{12}/);
  await page.keyboard.press('Escape');
  await expect(page.locator('html')).not.toHaveAttribute('data-build');
  expect(asked.filter((url) => /engine\.worker|safetensors/.test(url))).toEqual([]);

  // What the reader has set stays.
  await page.getByTestId('k-slider').fill('12');
  await page.getByTestId('compute-sample').click();
  await reaches(page, 'running');
  await reaches(page, 'done');
  await expect(page.getByTestId('k-exact')).toHaveValue('12');
  await expect(page.locator('.head .sub')).toContainText('Computed in this tab');
  await page.getByTestId('k-slider').fill('10');
  expect(await seen()).toEqual(stored);
});

test('files that are dropped while the sample loads are taken, and the sample is not', async ({ page }) => {
  await page.route(/sample\/full\//, async (route) => {
    await new Promise((later) => setTimeout(later, 1500));
    await route.continue();
  });
  await page.goto('./?store=off');
  await computeSample(page);
  await expect(page.locator('h1')).toHaveText('Reading the files');
  await chooseFiles(page, [fixture('planted/base/model.safetensors')]);
  await planned(page, 1);
  await page.waitForTimeout(2500);
  await planned(page, 1);
});
