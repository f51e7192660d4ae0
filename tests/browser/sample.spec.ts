/** The sample: one click, and the counts of the reference, in both builds. */
import { expect, test } from '@playwright/test';
import { checkCount, EPSILONS, reference } from './reference';
import { BUILDS, open, summary, trySample } from './support';

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
      await expect(page.locator('output[for=e]')).toHaveText(epsilon.toFixed(2));
      for (const [file, label] of MODELS) {
        const rows = reference('sample-expected', file);
        expect(rows).toHaveLength(24);
        checkCount((await summary(page, label)).intruders, rows, 10, epsilon, label);
      }
    }
  });
}
