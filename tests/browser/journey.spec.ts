/** The whole journey of a reader, in both builds: files, plan, run, dials, figures, table, one matrix, report; all numbers against the reference. */
import { readFileSync } from 'node:fs';
import { expect, test, type Locator, type Page } from '@playwright/test';
import { inBuild } from './breadth';
import { checkCount, checkModel, EPSILONS, reference, separated } from './reference';
import { checkReport } from './schema';
import { analyze, BUILDS, card, chooseFolder, drop, fixture, number, open, planned, reaches, summary } from './support';

const MODELS = [
  { folder: 'full', label: 'Full', kind: 'full', scale: 'none', size: '7.1 MB' },
  {
    folder: 'lora_r1',
    label: 'LoRA r = 1',
    kind: 'LoRA, r = 1',
    scale: 'α/r = 2 adapter_config.json',
    size: '30.5 kB',
  },
  {
    folder: 'lora_r8_a8',
    label: 'LoRA r = 8',
    kind: 'LoRA, r = 8',
    scale: 'α/r = 1 adapter_config.json',
    size: '224 kB',
  },
  {
    folder: 'lora_r64',
    label: 'LoRA r = 64',
    kind: 'LoRA, r = 64',
    scale: 'α/r = 2 adapter_config.json',
    size: '1.8 MB',
  },
];
const answers = new Map(
  MODELS.map(({ folder, label }) => [label, reference('minilm-expected', folder, /\.layer\.0\./)]),
);
const minilm = (path: string) => fixture(`minilm-layer0/${path}`);

for (const version of BUILDS) {
  inBuild(version)(`a reader's whole way, ${version.build}`, async ({ page }) => {
    test.setTimeout(120_000);
    await page.setViewportSize({ width: 1280, height: 900 });
    await open(page, version);

    await test.step('files arrive by drop and by chooser', () => arrive(page));
    await test.step('the plan says what will be computed', () => plan(page));
    await analyze(page);
    await test.step('the summary follows the threshold and the window', () => dials(page));
    await test.step('the figure of counts gives the counts', () => epsilonFigure(page));
    await test.step('the table sorts', () => sorting(page));
    await test.step('one matrix shows every model', () => oneMatrix(page));
    await test.step('the report holds the numbers of the reference', () => exported(page, version.build));
  });
}

async function arrive(page: Page): Promise<void> {
  await drop(page, [minilm('base'), minilm('full')]);
  await planned(page, 2);
  await chooseFolder(page, minilm('lora_r1'));
  await planned(page, 4);
  await chooseFolder(page, minilm('lora_r8_a8'));
  await planned(page, 6);
  await drop(page, [minilm('lora_r64')]);
  await planned(page, 8);
  await reaches(page, 'ready');
  await expect(page.getByTestId('error')).toHaveCount(0);
}

async function plan(page: Page): Promise<void> {
  const base = page.locator('section.row', { has: page.getByRole('heading', { name: 'Base', exact: true }) });
  const question = page.locator('fieldset[data-question=base]');
  await expect(question.getByRole('radio', { name: /^base/ })).toBeChecked();
  // The other answer turns the plan around; the right one turns it back.
  await question.getByRole('radio', { name: /^full/ }).check();
  await expect(base.locator('td b')).toHaveText('full');
  await question.getByRole('radio', { name: /^base/ }).check();
  await expect(base.locator('td b')).toHaveText('base');

  const rows = page.getByTestId('plan-row');
  await expect(rows).toHaveCount(MODELS.length);
  for (const { folder, kind, scale, size } of MODELS) {
    const cells = rows.filter({ has: page.locator('td b', { hasText: new RegExp(`^${folder}$`) }) }).locator('td');
    await expect(cells.nth(1)).toHaveText(kind);
    await expect(cells.nth(2)).toHaveText(scale);
    await expect(cells.nth(3)).toHaveText('6 of 6');
    await expect(cells.nth(4)).toContainText(kind === 'full' ? 'same names' : 'base_model.model.');
    await expect(cells.nth(5)).toHaveText(size);
  }
  await expect(page.getByTestId('analyze')).toHaveText('Analyze 6 matrices');
}

async function dials(page: Page): Promise<void> {
  const [k, epsilon] = [page.getByTestId('k-slider'), page.getByTestId('epsilon-slider')];
  await expect(k).toHaveValue('10');
  await expect(epsilon).toHaveValue('0.5');
  for (const value of EPSILONS) {
    await epsilon.fill(String(value));
    await counts(page, 10, value);
  }
  await epsilon.fill('0.5');
  for (const value of [1, 5, 20, 50]) {
    await k.fill(String(value));
    await counts(page, value, 0.5);
  }
  await k.fill('10');
}

/** Counts, weakest matches and effective ranks of all models, as the summary prints them. */
async function counts(page: Page, k: number, epsilon: number): Promise<void> {
  await expect(page.getByTestId('k-exact')).toHaveValue(String(k));
  await expect(page.getByTestId('epsilon-exact')).toHaveValue(epsilon.toFixed(2));
  for (const [label, rows] of answers) {
    const said = await summary(page, label);
    checkCount(said.intruders, rows, k, epsilon, label);
    const weakest = Math.min(...rows.flatMap((row) => row.max_abs_cos_left.slice(0, k)));
    expect(Math.abs(said.weakest - weakest), `${label}: weakest match`).toBeLessThan(0.0061);
    const rank = rows.reduce((sum, row) => sum + row.effective_rank_change, 0) / rows.length;
    expect(Math.abs(said.effectiveRank - rank), `${label}: effective rank`).toBeLessThan(0.05 + 1e-3 * rank);
  }
}

/** The pointer over a figure, at a share of its width and height. */
async function hover(canvas: Locator, x: number, y: number): Promise<void> {
  await canvas.scrollIntoViewIfNeeded();
  const box = (await canvas.boundingBox())!;
  await canvas.hover({ position: { x: box.width * x, y: box.height * y } });
}

async function epsilonFigure(page: Page): Promise<void> {
  const figure = page.locator('[data-testid=figure][data-figure=epsilon-curve]');
  const seen = new Set<string>();
  for (const x of [0.2, 0.45, 0.7, 0.92]) {
    await hover(figure.locator('canvas'), x, 0.5);
    const { title, lines } = await card(figure);
    const epsilon = Number(/^below ε = (\d\.\d\d)$/.exec(title)?.[1]);
    expect(epsilon, title).toBeGreaterThan(0);
    expect([...lines.keys()].sort()).toEqual([...answers.keys()].sort());
    for (const [label, rows] of answers)
      checkCount(number(lines.get(label)!), rows, 10, epsilon, `${label} in the figure`);
    seen.add(title);
  }
  expect(seen.size).toBe(4);
}

async function sorting(page: Page): Promise<void> {
  const heads = page.locator('table.mats thead tr').nth(1).locator('th');
  const names = () =>
    page.getByTestId('matrix-row').evaluateAll((rows) => rows.map((row) => (row as HTMLElement).dataset['name']));
  // Layer, matrix, shape, the intruders of four models, the effective ranks of four models.
  const ranks = heads.nth(3 + MODELS.length + 3);
  const wanted = [...answers.get('LoRA r = 64')!]
    .sort((a, b) => b.effective_rank_change - a.effective_rank_change)
    .map((row) => row.name);
  await ranks.getByRole('button').click();
  await expect(ranks).toHaveAttribute('aria-sort', 'descending');
  expect(await names()).toEqual(wanted);
  await ranks.getByRole('button').click();
  await expect(ranks).toHaveAttribute('aria-sort', 'ascending');
  expect(await names()).toEqual(wanted.toReversed());
  await expect(page.locator('table.mats th[aria-sort]')).toHaveCount(1);

  const byName = heads.nth(1);
  await byName.getByRole('button').click();
  await expect(byName).toHaveAttribute('aria-sort', 'ascending');
  const labels = await page.locator('[data-testid=matrix-row] td.name span').allInnerTexts();
  expect(labels).toEqual([...labels].sort((a, b) => a.localeCompare(b, 'en')));
  expect(labels).toHaveLength(6);
}

async function oneMatrix(page: Page): Promise<void> {
  const name = 'encoder.layer.0.attention.self.query.weight';
  await page.locator(`[data-testid=matrix-row][data-name="${name}"]`).click();
  await expect(page.locator('.head .sub .mono')).toHaveText(name);
  const figure = page.locator('[data-testid=figure][data-figure=similarity]');
  for (const [label, rows] of answers) {
    const row = rows.find((r) => r.name === name)!;
    const choice = page.locator('button.qd', { has: page.locator('.ttl', { hasText: new RegExp(`^${label}$`) }) });
    await choice.click();
    await expect(choice).toHaveAttribute('aria-pressed', 'true');
    await expect(figure.locator('h2')).toHaveText(`Similarity, ${label}`);
    const intruders = row.count_k10['0.5']!;
    const words = intruders === 0 ? 'no intruder' : intruders === 1 ? '1 intruder' : `${intruders} intruders`;
    await expect(choice).toContainText(`${words} in the top 10`);
    await similarity(figure, label, row);
  }
  await page.keyboard.press('Escape');
  await expect(page.getByTestId('model-row')).toHaveCount(MODELS.length);
  await expect(figure).toHaveCount(0);
}

/** The cards of some columns against the reference's best match, its place, the singular value and the verdict. */
async function similarity(figure: Locator, label: string, row: ReturnType<typeof reference>[number]): Promise<void> {
  const seen = new Set<number>();
  for (const x of [0.15, 0.25, 0.35, 0.5]) {
    await hover(figure.locator('canvas'), x, 0.3);
    const { title, lines } = await card(figure);
    const [, at, model] = /^j = (\d+), (.+)$/.exec(title) ?? [];
    expect(model, title).toBe(label);
    const j = Number(at) - 1;
    seen.add(j);
    expect(number(lines.get('singular value')!), title).toBeCloseTo(row.sigma_tuned[j]!, 1);
    const [, best, i] = /^(\d\.\d\d) at i = (\d+)$/.exec(lines.get('best match c') ?? '') ?? [];
    if (separated(row.sigma_tuned, j))
      expect(Math.abs(Number(best) - row.max_abs_cos_left[j]!), title).toBeLessThan(0.0061);
    // Where the best match is far above the rest its place is beyond doubt.
    if (row.max_abs_cos_left[j]! > 0.8)
      expect(Number(i) - 1, `${title}: place of the best match`).toBe(row.argmax_left[j]);
    const below = row.max_abs_cos_left[j]! < 0.5;
    expect(lines.get('below ε'), title).toBe(!below ? 'no' : j < 10 ? 'yes: intruder' : 'yes, outside the window');
  }
  expect(seen.size).toBe(4);
}

async function exported(page: Page, build: string): Promise<void> {
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByTestId('export-json').click()]);
  expect(download.suggestedFilename()).toMatch(/^lorascope-base.*\.json$/);
  const report: unknown = JSON.parse(readFileSync(await download.path(), 'utf8'));
  checkReport(report);
  expect(report.generator.build).toMatch(build === 'simd' ? /^simd$/ : /^threads\+/);
  expect(report.settings).toMatchObject({
    k: 10,
    epsilon: 0.5,
    side: 'left',
    cosine: 'absolute',
    svd: 'thin',
    mode: 'auto',
    preset: 'official',
  });
  expect(report.base).toMatchObject({ label: 'base', files: [{ name: 'base/model.safetensors', size: 7_078_592 }] });
  expect(report.models.map((m) => m.label).sort()).toEqual(MODELS.map((m) => m.folder).sort());
  for (const model of report.models) {
    const { label, scale } = MODELS.find((m) => m.folder === model.label)!;
    expect(model).toMatchObject({
      matching: { matched: 6, total: 6, unmatched: [], onlyInBase: [] },
      totals: { matrices: 6, failed: 0, skipped: 0, unchanged: 0 },
    });
    expect(model.scale).toBe(scale === 'none' ? null : Number(/= (\d)/.exec(scale)![1]));
    expect(model.matrices.every((m) => m.status === 'analyzed')).toBe(true);
    checkModel(model, answers.get(label)!);
  }
}
