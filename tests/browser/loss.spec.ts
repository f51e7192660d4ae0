/** The loss on texts, as a person measures it: files dropped, a text pasted, one press; held against the libraries' own numbers. */
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, type Page, type TestInfo } from '@playwright/test';
import {
  BUILDS,
  analyze,
  card,
  chooseFiles,
  drop,
  fixture,
  number,
  open,
  reaches,
  readJson,
  troubles,
} from './support';

interface Expected {
  losses: Record<string, Record<string, { float64: { mean: number; per_token: number[] } }>>;
  edits: Record<string, { lambda: number[] } & Record<'edited' | 'shrunk' | 'restored', { task_float64: number[] }>>;
  tokens: { texts: Record<string, { count: number }> };
}

const BEHAVE = fixture('behave');

const expected = (name: string): Expected => readJson(join('behave', name, 'expected.json'));

const folders = (name: string, own: readonly string[]) => own.map((folder) => join(BEHAVE, name, folder));

/** Opens the part and waits until the reader's own text is counted. */
async function own(page: Page, text: string, tokens: number): Promise<void> {
  await page.getByTestId('loss-open').click();
  await page.getByTestId('loss-text-general').uncheck();
  await page.getByTestId('loss-own').fill(text);
  await expect(page.getByTestId('loss-plan')).toContainText(`${tokens} tokens`, { timeout: 60_000 });
}

/** The mean of a row on a text: what the table says. */
async function mean(page: Page, row: number, text = 0): Promise<number> {
  return Number(
    await page
      .getByTestId('loss-row')
      .nth(row)
      .locator('td.num')
      .nth(2 * text)
      .innerText(),
  );
}

/** The report that is saved has the losses, and shows them again without any checkpoint. */
async function kept(page: Page, info: TestInfo, found: readonly number[]): Promise<void> {
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByTestId('export-json').click()]);
  const path = info.outputPath('report.json');
  await download.saveAs(path);
  await page.goto('./');
  await chooseFiles(page, path);
  await reaches(page, 'done');
  await expect(page.getByTestId('loss-row')).toHaveCount(found.length);
  expect([await mean(page, 0), await mean(page, 1), await mean(page, 2)]).toEqual(found);
  await expect(page.locator('.shaded .t[title]').first()).toBeVisible();
}

test('the arms of surgery are measured beside each other, and a run that is cancelled leaves the page as it was', async ({
  page,
}) => {
  const oracle = expected('llama');
  await open(page);
  await drop(page, folders('llama', ['base', 'lora_r4']));
  await analyze(page);
  const text = readFileSync(join(BEHAVE, 'llama', 'text_task.txt'), 'utf8');
  await own(page, text, oracle.tokens.texts['task']!.count);
  await page.getByTestId('loss-arms').check();
  await page.getByTestId('loss-run').click();
  await page.getByTestId('loss-cancel').click();
  await expect(page.getByTestId('loss-run')).toBeEnabled();
  await expect(page.getByTestId('losses')).toHaveCount(0);
  // It goes on where it stood, as long as the same is asked.
  await expect(page.getByTestId('loss-run')).toHaveText(/Go on from/);
  await page.getByTestId('loss-undo').check();
  await expect(page.getByTestId('loss-run')).toHaveText('Compute');
  await page.getByTestId('loss-undo').uncheck();
  await page.getByTestId('loss-run').click();
  // Base and model, four arms at five strengths, projected.
  await expect(page.getByTestId('loss-row')).toHaveCount(23, { timeout: 90_000 });
  const wanted = oracle.edits['lora_r4']!;
  for (const [arm, name] of [
    ['scaled', 'edited'],
    ['shrunk', 'shrunk'],
    ['restored', 'restored'],
  ] as const) {
    const cell = page.locator(`[data-arm=${arm}][data-lambda="0.5"] td.num`).first();
    const at = wanted.lambda.indexOf(0.5);
    expect(Math.abs(Number(await cell.innerText()) - wanted[name]!.task_float64[at]!)).toBeLessThan(1e-4);
  }
});

/** What the first key on a figure of losses says: title, and lines by label. */
async function byKey(page: Page, id: string): Promise<{ title: string; lines: Map<string, string> }> {
  const figure = page.locator(`[data-testid=figure][data-figure=${id}]`);
  const canvas = figure.locator('canvas');
  await canvas.scrollIntoViewIfNeeded();
  await expect(canvas).toHaveAttribute('aria-label', /.{20}/);
  await canvas.focus();
  await page.keyboard.press('ArrowRight');
  await expect(figure.locator('.card')).toBeVisible();
  return card(figure);
}

test('the figures of losses stand under the table, say its numbers, and come back with the report', async ({
  page,
}, info) => {
  const oracle = expected('llama');
  await open(page);
  await drop(page, folders('llama', ['base', 'full', 'lora_r1']));
  await analyze(page);
  await page.getByTestId('loss-open').click();
  await page.getByTestId('loss-own').fill(readFileSync(join(BEHAVE, 'llama', 'text_task.txt'), 'utf8'));
  await page.getByTestId('loss-arms').check();
  await page.getByTestId('loss-undo').check();
  // Base and two models, 21 arms; 21 matrices, 3 layers and 7 types.
  await expect(page.getByTestId('loss-plan')).toContainText('55 rows', { timeout: 60_000 });
  await page.getByTestId('loss-run').click();
  await expect(page.getByTestId('loss-row')).toHaveCount(24, { timeout: 90_000 });
  const ids = ['loss', 'trade-off', 'forgetting', 'undo'];
  const shown = () => page.getByTestId('loss').locator('[data-testid=figure]');
  expect(await shown().evaluateAll((all) => all.map((figure) => figure.id))).toEqual(ids);

  const [download] = await Promise.all([page.waitForEvent('download'), page.getByTestId('export-json').click()]);
  const path = info.outputPath('report.json');
  await download.saveAs(path);
  await page.goto('./');
  await chooseFiles(page, path);
  await reaches(page, 'done');
  await expect(shown()).toHaveCount(ids.length);

  // By keys: the first point of an arm of the model with the most intruders, which the table has too.
  const wanted = oracle.edits['lora_r1']!;
  const first = await byKey(page, 'loss');
  expect(first.title).toBe('scaled, λ = 0.00');
  const at = wanted.lambda.indexOf(0);
  expect(Math.abs(Number.parseFloat(first.lines.get('Your text')!) - wanted.edited.task_float64[at]!)).toBeLessThan(
    2e-4,
  );
  expect((await byKey(page, 'trade-off')).lines.get('Your text')).toBe(first.lines.get('Your text'));

  // Forgetting is the table's number, and the model has its name.
  const forgetting = await byKey(page, 'forgetting');
  const row = page.getByTestId('loss-row').nth(forgetting.title.includes('r = 1') ? 2 : 1);
  await expect(row.locator('td.num').nth(1)).toHaveText(forgetting.lines.get('more than the base')!);

  // By pointer: the first cell of the map, against the table of its numbers.
  const figure = page.locator('[data-testid=figure][data-figure=undo]');
  await byKey(page, 'undo');
  const focused = await card(figure);
  const canvas = figure.locator('canvas');
  await canvas.blur();
  await expect(figure.locator('.card')).toHaveCount(0);
  const box = (await canvas.boundingBox())!;
  await page.mouse.move(box.x + 58, box.y + 75);
  await expect(figure.locator('.card')).toBeVisible();
  const pointed = await card(figure);
  expect(pointed).toEqual(focused);
  expect(pointed.title).toBe('layer 0, query');
  await figure.getByRole('button', { name: 'Save or share' }).click();
  await page.getByTestId('toggle-table').click();
  const change = figure.locator('.data tbody tr').first().locator('td').nth(2);
  expect(number(await change.innerText())).toBeCloseTo(
    number(pointed.lines.get('A story in English')!.split(' ')[0]!),
    3,
  );
  expect(await troubles(page)).toEqual([]);
});

for (const [name, way] of [
  ['llama', BUILDS[0]],
  ['bert', BUILDS[0]],
  ['gpt2', BUILDS[1]],
] as const) {
  test(`the losses of ${name} are the library's, token by token, with ${way.build}`, async ({ page }, info) => {
    const oracle = expected(name);
    await open(page, way);
    await drop(page, folders(name, ['base', 'full', 'lora_r1']));
    await analyze(page);
    const text = readFileSync(join(BEHAVE, name, 'text_task.txt'), 'utf8');
    await own(page, text, oracle.tokens.texts['task']!.count);
    await page.getByTestId('loss-run').click();
    await expect(page.getByTestId('loss-row')).toHaveCount(3, { timeout: 90_000 });
    const wanted = ['base', 'full', 'lora_r1'].map((row) => oracle.losses[row]!['task']!.float64.mean);
    const found = [await mean(page, 0), await mean(page, 1), await mean(page, 2)];
    for (const [i, loss] of found.entries()) expect(Math.abs(loss - wanted[i]!)).toBeLessThan(1e-4);
    // Every token that is predicted has its numbers.
    const hovered = await page.locator('.shaded .t[title]').count();
    expect(hovered).toBe(oracle.tokens.texts['task']!.count);
    // One is said by a press, the next by a key: the library's own losses of it.
    const tokens = (row: string) => oracle.losses[row]!['task']!.float64.per_token.map((x) => x.toFixed(2));
    const said = (i: number) => `${tokens('base')[i]} for the base, ${tokens('full')[i]} here`;
    await page.locator('.shaded .t[title]').first().click();
    await expect(page.getByTestId('loss-token')).toContainText(said(0));
    await page.keyboard.press('ArrowRight');
    await expect(page.getByTestId('loss-token')).toContainText(said(1));
    if (name === 'llama') await kept(page, info, found);
    expect(await troubles(page)).toEqual([]);
  });
}

test('a base without its tokenizer says which file is missing', async ({ page }) => {
  await open(page);
  const copy = join(mkdtempSync(join(tmpdir(), 'lorascope-loss-')), 'base');
  cpSync(join(BEHAVE, 'llama', 'base'), copy, { recursive: true });
  rmSync(join(copy, 'tokenizer.json'));
  await drop(page, [copy, ...folders('llama', ['lora_r1'])]);
  await analyze(page);
  await page.getByTestId('loss-open').click();
  await expect(page.getByTestId('loss-fault')).toContainText('tokenizer.json');
  await expect(page.getByTestId('loss-run')).toBeDisabled();
});
