/** The scale of an adapter: asked for where nothing says it, and each adapter's own where files share their names. */
import { expect, test, type Page } from '@playwright/test';
import { analyze, chooseFiles, chooseFolder, drop, fixture, open, planned } from './support';

const minilm = (path: string) => fixture(`minilm-layer0/${path}`);
const scale = (page: Page) => page.getByTestId('plan-row').locator('td[data-l=Scale]');

test('an adapter without its configuration asks for alpha', async ({ page }) => {
  await open(page);
  await chooseFolder(page, minilm('base'));
  await planned(page, 1);
  await chooseFiles(page, minilm('lora_r8/adapter_model.safetensors'));
  await planned(page, 2);

  const question = page.locator('fieldset[data-question^="alpha:"]');
  await expect(question.locator('legend')).toContainText('What is α');
  const answer = (name: RegExp) => question.getByRole('radio', { name });
  await expect(answer(/^16, that is 2r/)).toBeChecked();
  await expect(scale(page)).toHaveText('α/r = 2 your answer above');

  await answer(/^8, that is r/).check();
  await expect(scale(page)).toHaveText('α/r = 1 your answer above');

  const own = question.getByRole('spinbutton', { name: 'Another value' });
  await own.fill('24');
  await own.press('Tab');
  await expect(scale(page)).toHaveText('α/r = 3 your answer above');
  await expect(answer(/^Another value/)).toBeChecked();
  await expect(own).toHaveValue('24');

  await answer(/^Leave this model out/).check();
  await expect(page.getByTestId('plan-row')).toHaveCount(0);
  await expect(page.getByTestId('analyze')).toBeDisabled();

  await answer(/^8, that is r/).check();
  await expect(scale(page)).toHaveText('α/r = 1 your answer above');
  await analyze(page);
  await expect(page.getByTestId('model-row')).toHaveCount(1);
});

test('the answer changes the numbers', async ({ page }) => {
  await open(page);
  await drop(page, [minilm('base')]);
  await planned(page, 1);
  await chooseFiles(page, minilm('lora_r8/adapter_model.safetensors'));
  await planned(page, 2);
  await page.getByRole('radio', { name: /^8, that is r/ }).check();
  const norms: number[] = [];
  for (const name of [/^8, that is r/, /^16, that is 2r/]) {
    await page.getByRole('radio', { name }).check();
    await expect(scale(page)).toHaveText(`α/r = ${norms.length + 1} your answer above`);
    await analyze(page);
    await page.locator('[data-testid=matrix-row][data-name$="attention.self.query.weight"]').click();
    norms.push(Number(await page.locator('table.nums td[data-l^="Norm"] span').innerText()));
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Plan', exact: true }).click();
  }
  // Twice the scale, twice the change; the page prints two decimals.
  expect(norms[0]).toBeGreaterThan(0);
  expect(Math.abs(norms[1]! - 2 * norms[0]!)).toBeLessThan(0.016);
});

/** Files as a chooser gives them that knows no folders: name, bytes, date. */
const ADAPTERS = [
  { folder: 'lora_r1', kind: 'LoRA, r = 1', scale: 'α/r = 2 adapter_config.json' },
  { folder: 'lora_r8_a8', kind: 'LoRA, r = 8', scale: 'α/r = 1 adapter_config.json' },
  { folder: 'lora_r64', kind: 'LoRA, r = 64', scale: 'α/r = 2 adapter_config.json' },
];

test('adapters chosen as bare files of one name each keep their own configuration', async ({ page }) => {
  await open(page);
  const adapters = ADAPTERS.flatMap(({ folder }) => [
    minilm(`${folder}/adapter_config.json`),
    minilm(`${folder}/adapter_model.safetensors`),
  ]);
  await chooseFiles(page, [minilm('base/model.safetensors'), minilm('full/model.safetensors'), ...adapters]);
  await planned(page, 8);
  const rows = page.getByTestId('plan-row');
  await expect(rows).toHaveCount(4);
  await expect(page.locator('fieldset[data-question^="alpha:"]')).toHaveCount(0);
  for (const { kind, scale: wanted } of ADAPTERS) {
    const row = rows.filter({ has: page.locator('td[data-l=Kind]', { hasText: new RegExp(`^\\s*${kind}\\s*$`) }) });
    await expect(row).toHaveCount(1);
    await expect(row.locator('td[data-l=Scale]')).toHaveText(wanted);
    await expect(row.locator('td[data-l=Matched]')).toHaveText('6 of 6');
  }
});

test('two files of one name, size and date are two files', async ({ page }) => {
  await open(page);
  // Archives unpack with dates of one or two seconds: such a base and its full fine-tune differ in nothing but their bytes.
  await page.getByTestId('file-input').evaluate((input: HTMLInputElement) => {
    const file = (value: number) => {
      const header = new TextEncoder().encode(
        '{"layers.0.q_proj.weight":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]}}',
      );
      const length = new BigUint64Array([BigInt(header.length)]);
      return new File([length, header, new Float32Array([value, 0, 0, 1])], 'model.safetensors', { lastModified: 0 });
    };
    const data = new DataTransfer();
    for (const value of [2, 3]) data.items.add(file(value));
    input.files = data.files;
    input.dispatchEvent(new Event('change', { bubbles: true }));
  });
  await planned(page, 2);
  await expect(page.getByTestId('plan-row')).toHaveCount(1);
});
