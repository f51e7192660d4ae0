/** Reported folders through the page: a sample of the field's cases, each with what its reporter should have seen. */
import { readdirSync } from 'node:fs';
import { expect, test, type Page } from '@playwright/test';
import { analyze, drop, fixture, open } from './support';

const top = (name: string) =>
  readdirSync(fixture(`field/${name}`), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => fixture(`field/${name}/${entry.name}`));

async function dropCase(page: Page, name: string): Promise<void> {
  await open(page, { build: 'threads', address: './?store=off' });
  await drop(page, top(name));
  await expect(page.getByTestId('plan')).toBeVisible();
}

const questions = (page: Page) => page.locator('fieldset[data-question]:not(.types)');
const errors = (page: Page) => page.getByTestId('error');

test('a LoRA with trainable tokens is analysed', async ({ page }) => {
  await dropCase(page, '01-lora-with-trainable-tokens');
  await expect(page.getByTestId('plan-row')).toHaveCount(1);
  await expect(errors(page)).toHaveCount(0);
  await analyze(page);
  await expect(page.getByTestId('model-row')).toHaveCount(1);
});

test('a FLUX LoRA without alpha asks nothing', async ({ page }) => {
  await dropCase(page, '31-flux-lora-no-alpha');
  await expect(page.getByTestId('plan-row').locator('td[data-l=Scale]')).toHaveText(
    'α/r = 1 α = r, the convention of image models',
  );
  await expect(questions(page)).toHaveCount(0);
});

test('block expansion is said and asked before the run', async ({ page }) => {
  await dropCase(page, '50-block-expansion-llama-pro');
  await expect(page.locator('fieldset[data-question="layers:tuned"]')).toContainText('6 layers');
  await expect(page.locator('[data-code=depth-differs]')).toBeVisible();
});

test('DeepSpeed’s pieces are named with their script', async ({ page }) => {
  await dropCase(page, '10-deepspeed-zero3-folder');
  await expect(page.locator('[data-code=in-pieces]')).toContainText('zero_to_fp32.py');
});

test('a module that is missing in the base is said beside the number', async ({ page }) => {
  await dropCase(page, '21-colqwen-model-prefix');
  await expect(page.locator('[data-code=some-unmatched]')).toContainText('custom_text_proj');
  await analyze(page);
  await expect(page.getByTestId('short')).toHaveText('14 of 15 modules');
});

test('a whole pipeline has no false errors', async ({ page }) => {
  await dropCase(page, '60-whole-diffusers-pipeline');
  await expect(errors(page)).toHaveCount(0);
  await expect(questions(page)).toHaveCount(0);
});
