/** The experiment that comes with the page: one press to the losses of a real language model, which are the libraries' own. */
import { expect, test, type Page } from '@playwright/test';
import { open, reaches, readJson, troubles } from './support';

interface Expected {
  models: Record<string, { intruders: number; losses: Record<'general' | 'task', { mean: number }> }>;
}

/** The order of the models on the page. */
const MODELS = ['base', 'full', 'lora-r1', 'lora-r8', 'lora-r64'];
/** The page shows four digits. */
const CLOSE = 2e-4;

/** The rows of whole models say what the libraries do. */
async function losses(page: Page): Promise<void> {
  const { models } = readJson<Expected>('experiment-expected/losses.json');
  const rows = page.locator('[data-testid=loss-row]:not([data-arm])');
  await expect(rows).toHaveCount(MODELS.length, { timeout: 60_000 });
  for (const [at, name] of MODELS.entries()) {
    for (const [column, text] of (['general', 'task'] as const).entries()) {
      const said = await rows
        .nth(at)
        .locator('td.num')
        .nth(2 * column)
        .innerText();
      expect(Math.abs(Number(said) - models[name]!.losses[text].mean), `${name}, ${text}: ${said}`).toBeLessThan(CLOSE);
    }
  }
}

test('one press on the empty page ends with what every model and every arm lost and learned', async ({
  page,
}, info) => {
  test.setTimeout(120_000);
  const found = await troubles(page);
  await open(page);
  const begin = performance.now();
  await page.getByTestId('try-experiment').click();
  await reaches(page, 'done');
  // The base, four fine-tunes, four arms at five strengths, projected.
  await expect(page.getByTestId('loss-row')).toHaveCount(26, { timeout: 90_000 });
  info.annotations.push({ type: 'measured', description: `${((performance.now() - begin) / 1000).toFixed(1)} s` });
  await losses(page);
  // The part is what the reader sees now; its texts are those that none of the models has read.
  await expect(page.getByTestId('losses')).toBeInViewport();
  await expect(page.getByRole('checkbox', { name: 'Moby-Dick, chapter 42' })).toBeChecked();
  await expect(page.getByTestId('loss-text-general')).not.toBeChecked();
  expect(found).toEqual([]);
});

test('the lesson on training and a link open it', async ({ page }) => {
  test.setTimeout(120_000);
  await page.goto('./?store=off#v=1&lesson=train-it-here');
  await page.getByTestId('to-experiment').getByRole('link').click();
  await losses(page);
  expect(new URL(page.url()).hash).toContain('experiment');
});
