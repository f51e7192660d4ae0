/** Files of every writer through the page: planned without a question, and what it counts is what the library's own merge counts. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { expect, test } from '@playwright/test';
import { firstOfEach } from './breadth';
import { analyze, chooseFiles, drop, fixture, open, readJson, summary } from './support';

/** Their names are not those of the base, or nothing of them is looked at by default: tests/zoo.rs holds them against their oracles. */
const ELSEWHERE = ['llama_replication', 'moe_target_parameters'];

const CASES = readdirSync(fixture('zoo')).filter(
  (name) => existsSync(fixture(`zoo/${name}/case.json`)) && !ELSEWHERE.includes(name),
);

const about = (name: string) => readJson<{ kind: string; tuned: string[] }>(`zoo/${name}/case.json`);

test('every kind of case of the zoo', async ({ page }) => {
  test.setTimeout(600_000);
  expect(CASES.length).toBeGreaterThan(38);
  await open(page, { build: 'threads', address: './?store=off' });
  for (const name of firstOfEach('cases of the zoo', CASES, (name) => about(name).kind)) {
    const { tuned } = about(name);
    await drop(page, [
      fixture(`zoo/${name}/base`),
      fixture(`zoo/${name}/${tuned[0]!.split('/')[0]}`),
      fixture(`zoo/${name}/oracle.safetensors`),
    ]);
    await expect(page.getByTestId('plan-row'), name).toHaveCount(2);
    // The oracle is a full model beside the base, so that question stands; its default is right.
    await expect(page.locator('fieldset.q[data-question]:not([data-question=base])'), name).toHaveCount(0);
    await analyze(page);
    const labels = await page
      .getByTestId('model-row')
      .evaluateAll((rows) => rows.map((row) => (row as HTMLElement).dataset['label'] ?? ''));
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
  await expect(page.getByText('is not a valid regular expression')).toBeVisible();
  await expect(button).toHaveText('Analyze 12 matrices');
});

test('a tensor that no rule pairs is paired by hand', async ({ page }) => {
  await open(page, { build: 'threads', address: './?store=off' });
  // One module under a name that the base does not have; as long as before, so that the file stays whole.
  const bytes = readFileSync(fixture('zoo/llama_lora/adapter/adapter_model.safetensors'));
  const renamed = Buffer.from(
    bytes.toString('latin1').replaceAll('layers.1.self_attn.q_proj', 'layers.1.self_attn.z_proj'),
    'latin1',
  );
  const file = (name: string, buffer: Buffer) => ({ name, mimeType: 'application/octet-stream', buffer });
  await chooseFiles(page, [
    file('model.safetensors', readFileSync(fixture('zoo/llama_lora/base/model.safetensors'))),
    file('adapter_config.json', readFileSync(fixture('zoo/llama_lora/adapter/adapter_config.json'))),
    file('adapter_model.safetensors', renamed),
  ]);
  const button = page.getByTestId('analyze');
  await expect(button).toHaveText('Analyze 13 matrices');
  await page.getByText('without a counterpart: pair by hand').click();
  const field = page.locator('.pair', { hasText: 'model.layers.1.self_attn.z_proj.weight' }).getByRole('combobox');
  await field.fill('model.layers.1.self_attn.q_proj.weight');
  await page.keyboard.press('Enter');
  await expect(button).toHaveText('Analyze 14 matrices');
  await expect(page.getByTestId('plan-row').locator('td[data-l="Pairing"]')).toContainText('by hand');
});
