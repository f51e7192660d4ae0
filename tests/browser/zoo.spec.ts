/** Files of every writer through the page: planned without a question, and what it counts is what the library's own merge counts. */
import { existsSync, readdirSync } from 'node:fs';
import { expect, test } from '@playwright/test';
import { analyze, drop, fixture, open, readJson, summary } from './support';

/** Their names are not those of the base, or nothing of them is looked at by default: tests/zoo.rs holds them against their oracles. */
const ELSEWHERE = ['llama_replication', 'moe_target_parameters'];

const CASES = readdirSync(fixture('zoo')).filter((name) => existsSync(fixture(`zoo/${name}/case.json`)) && !ELSEWHERE.includes(name));

test('every case of the zoo', async ({ page }) => {
  test.setTimeout(240_000);
  expect(CASES.length).toBeGreaterThan(38);
  await open(page, { build: 'threads', address: './?store=off' });
  for (const name of CASES) {
    const { tuned } = readJson<{ tuned: string[] }>(`zoo/${name}/case.json`);
    await drop(page, [fixture(`zoo/${name}/base`), fixture(`zoo/${name}/${tuned[0]!.split('/')[0]}`), fixture(`zoo/${name}/oracle.safetensors`)]);
    await expect(page.getByTestId('plan-row'), name).toHaveCount(2);
    // The oracle is a full model beside the base, so that question stands; its default is right.
    await expect(page.locator('[data-question]:not([data-question=base]):not([data-question=types]):not([data-question=pattern])'), name).toHaveCount(0);
    await analyze(page);
    const labels = await page.getByTestId('model-row').evaluateAll((rows) => rows.map((row) => (row as HTMLElement).dataset['label'] ?? ''));
    // The oracle is a full model; beside an adapter that is all its label says.
    const oracleLabel = labels.includes('oracle') ? 'oracle' : 'Full';
    const model = labels.find((label) => label !== oracleLabel);
    const [own, oracle] = [await summary(page, model!), await summary(page, oracleLabel)];
    expect.soft(own.intruders, name).toBe(oracle.intruders);
    expect.soft(Math.abs(own.weakest - oracle.weakest), name).toBeLessThan(0.0101);
    await page.getByRole('button', { name: 'Start over' }).click();
    await expect(page.getByTestId('status')).toHaveAttribute('data-state', 'idle');
  }
});

test('types and names are switched by click and by pattern, and the button says what is left', async ({ page }) => {
  await open(page, { build: 'threads', address: './?store=off' });
  await drop(page, [fixture('zoo/llama_lora/base'), fixture('zoo/llama_lora/adapter')]);
  const button = page.getByTestId('analyze');
  await expect(button).toHaveText('Analyze 14 matrices');
  await page.getByRole('checkbox', { name: 'MLP up' }).uncheck();
  await expect(button).toHaveText('Analyze 12 matrices');
  await page.getByRole('textbox', { name: 'Names that match' }).fill('layers\\.0\\.');
  await page.keyboard.press('Enter');
  await expect(button).toHaveText('Analyze 6 matrices');
  await page.getByRole('textbox', { name: 'Names that match' }).fill('(');
  await page.keyboard.press('Enter');
  await expect(page.getByText('is no regular expression')).toBeVisible();
  await expect(button).toHaveText('Analyze 12 matrices');
});
