/** Every figure used as a reader would: pointer, keys, dials, presets; what is selected in one stands in all others. */
import { expect, test, type Page } from '@playwright/test';
import { inBuild } from './breadth';
import { BUILDS, card, drop, fixture, number, open, reaches, summary, trySample } from './support';

const figure = (page: Page, id: string) => page.locator(`[data-testid=figure][data-figure=${id}]`);
const canvas = (page: Page, id: string) => figure(page, id).locator('canvas');
const row = (page: Page, at = 0) => page.getByTestId('matrix-row').nth(at);

/** Steps the crosshair by keys until the card says what is wanted. */
async function stepTo(page: Page, id: string, key: string, wanted: (title: string) => boolean): Promise<void> {
  await canvas(page, id).focus();
  for (let n = 0; n < 200; n++) {
    await page.keyboard.press(key);
    if (wanted((await card(figure(page, id))).title)) return;
  }
  throw new Error(`${id}: never came to it`);
}

/** The numbers of a figure's own table. */
async function table(page: Page, id: string): Promise<{ columns: string[]; rows: string[][] }> {
  await canvas(page, id).focus();
  await page.keyboard.press('t');
  const data = figure(page, id).locator('lorascope-data-table');
  // A map of 384 x 384 has many cells.
  await expect(data.locator('tbody tr').first()).toBeVisible({ timeout: 20_000 });
  const columns = await data.locator('thead th').allInnerTexts();
  const rows = await data
    .locator('tbody tr')
    .evaluateAll((all) => all.map((tr) => [...tr.children].map((td) => (td as HTMLElement).innerText)));
  await canvas(page, id).focus();
  await page.keyboard.press('t');
  await expect(data).toHaveCount(0);
  return { columns, rows };
}

async function samples(page: Page, version: (typeof BUILDS)[number] = BUILDS[0]): Promise<void> {
  await page.setViewportSize({ width: 1440, height: 1000 });
  await open(page, version);
  await trySample(page);
}

for (const version of BUILDS) {
  inBuild(version)(`the figures of a run agree with its summary, ${version.build}`, async ({ page }) => {
    await samples(page, version);
    const models = ['Full', 'LoRA r = 1', 'LoRA r = 8', 'LoRA r = 64'];
    const said = new Map(
      await Promise.all(models.map(async (label) => [label, (await summary(page, label)).intruders] as const)),
    );

    await stepTo(page, 'k-curve', 'ArrowLeft', (title) => /k = 9\b/.test(title));
    await stepTo(page, 'k-curve', 'ArrowRight', (title) => /k = 10\b/.test(title));
    for (const [label, value] of (await card(figure(page, 'k-curve'))).lines)
      expect(number(value), `k-curve, ${label}`).toBe(said.get(label));

    const cells = await table(page, 'overview');
    for (const label of models) {
      const at = cells.columns.indexOf(label);
      const sum = cells.rows.filter(([layer]) => layer !== 'all').reduce((all, cell) => all + number(cell[at]!), 0);
      expect(sum, `overview, ${label}`).toBe(said.get(label));
    }
    const curve = await table(page, 'epsilon-curve');
    const half = curve.rows.find(([epsilon]) => epsilon === '0.5')!;
    for (const label of models)
      expect(number(half[curve.columns.indexOf(label)]!), `epsilon-curve, ${label}`).toBe(said.get(label));
  });
}

test('one hover and one selection across all views', async ({ page }) => {
  await samples(page);
  await page.getByRole('button', { name: /^Show the other/ }).click();
  const name = (await row(page).getAttribute('data-name'))!;
  await page.mouse.move(0, 0);
  // A mark in the overview marks the row of its matrix; a click opens it.
  await canvas(page, 'overview').scrollIntoViewIfNeeded();
  await stepTo(page, 'overview', 'ArrowDown', (title) => title.startsWith('layer 2'));
  await expect(page.locator('[data-testid=matrix-row].on')).toHaveAttribute('data-name', /layer\.2\./);
  await row(page).hover();
  await expect(row(page)).toHaveClass(/on/);
  await stepTo(page, 'overview', 'ArrowDown', (title) => title.startsWith('layer 1'));
  await page.keyboard.press('Enter');
  await expect(page.locator('.head h1')).toHaveText(/^Layer 1, /);
  await page.keyboard.press('Escape');
  await expect(row(page)).toHaveAttribute('data-name', name);
});

test('one matrix: a vector picked in one figure is studied in another, the map goes to all vectors', async ({
  page,
}) => {
  await samples(page);
  // By its name: the table, out of sight until now, may still have the rows of a moment ago.
  await page
    .locator('[data-testid=matrix-row][data-name="encoder.layer.0.attention.self.query.weight"] td')
    .first()
    .click();
  const vector = figure(page, 'vector');
  await expect(vector.locator('h2')).toHaveText('One vector against all 384');
  await expect(vector.locator('canvas')).toHaveAttribute('aria-label', /intruder/);
  // The whole map is computed without being asked for.
  await expect(page.getByTestId('compute-vectors')).toHaveCount(0, { timeout: 20_000 });

  await stepTo(page, 'sigma-vs-cosine', 'ArrowRight', (title) => title.startsWith('j = 6,'));
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('vector-input')).toHaveValue('6');
  await expect(vector.locator('canvas')).toHaveAttribute('aria-label', /j = 6/);
  await expect.poll(() => page.url()).toContain('vector=6');

  const output = figure(page, 'similarity').locator('output[for=top]');
  await page.getByTestId('top-slider').fill('1');
  await expect(output).toHaveText('384');
  const all = await table(page, 'similarity');
  expect(all.columns.length).toBe(8 + 6 + 384);
  expect(all.rows.length).toBe(100);
  // Keys and the hand: closer, further, and along.
  await canvas(page, 'similarity').focus();
  await page.keyboard.press('+');
  await expect(output).toHaveText('256');
  await canvas(page, 'similarity').dblclick({ position: { x: 200, y: 200 } });
  await expect(output).not.toHaveText('256');
  const before = page.url();
  const box = (await canvas(page, 'similarity').boundingBox())!;
  await page.mouse.move(box.x + 250, box.y + 250);
  await page.mouse.down();
  await page.mouse.move(box.x + 150, box.y + 200, { steps: 8 });
  await page.mouse.up();
  await expect.poll(() => page.url()).not.toBe(before);
  expect(Number(/[#&]j=(\d+)/.exec(page.url())?.[1])).toBeGreaterThan(0);
  await page.getByRole('button', { name: 'All 384' }).click();
  await expect(output).toHaveText('384');
});

test('presets name their rule, and say which vectors they judge otherwise and why', async ({ page }) => {
  await samples(page);
  const preset = page.getByTestId('preset');
  await expect(preset.locator('option')).toHaveText([
    'official code',
    'paper, exactly as in Fig. 4',
    'PEFT',
    'both sides',
  ]);
  const before = (await summary(page, 'LoRA r = 1')).intruders;
  await preset.selectOption('letter');
  const details = page.getByTestId('differences');
  await expect(details).toContainText('A singular vector has no sign');
  await details.click();
  const reasons = page.locator('.rule tbody tr');
  await expect(reasons.first()).toContainText('sign turned');
  const total = number(/([\d,]+) vectors? get/.exec(await details.innerText())![1]!);
  expect(total).toBeGreaterThan(20);
  expect(await reasons.count()).toBe(Math.min(total, 500));
  expect((await summary(page, 'LoRA r = 1')).intruders).toBeGreaterThan(before);
  await preset.selectOption('both');
  await expect(page.locator('[data-side=both]')).toHaveAttribute('aria-pressed', 'true');
  expect((await summary(page, 'LoRA r = 1')).intruders).toBeLessThanOrEqual(before);
  await preset.selectOption('peft');
  await expect(page.getByTestId('differences')).toContainText('Every vector has the same verdict');
  await preset.selectOption('official');
  await expect(page.getByTestId('differences')).toHaveCount(0);
  expect((await summary(page, 'LoRA r = 1')).intruders).toBe(before);
});

test('a preset whose dials moved says so, and can be had again; nothing below the dials moves', async ({ page }) => {
  await samples(page);
  const [preset, dial] = [page.getByTestId('preset'), page.getByTestId('epsilon-slider')];
  const name = preset.locator('option:checked');
  const top = () => page.locator('lorascope-summary').evaluate((own) => own.getBoundingClientRect().top + scrollY);
  for (const width of [1280, 768, 375]) {
    await page.setViewportSize({ width, height: 800 });
    await expect(name).toHaveText('official code');
    const before = await top();
    await dial.fill('0.6');
    await expect(name).toHaveText('official code, changed');
    await expect(page.getByTestId('differences')).toBeVisible();
    expect(await top(), `${width} px`).toBe(before);
    await preset.selectOption('official');
    await expect(dial).toHaveValue('0.5');
    await expect(name).toHaveText('official code');
    await expect(page.getByTestId('rule')).toHaveText('Every vector is judged as by the official code.');
  }
});

test('a cell of the table opens its matrix for its own model, the rest of a row for the one it draws', async ({
  page,
}) => {
  await samples(page);
  const chosen = page.locator('.qd[aria-pressed=true] .ttl');
  const labels = ['Full', 'LoRA r = 1', 'LoRA r = 8', 'LoRA r = 64'];
  for (const at of [3, 0]) {
    await row(page).locator(`td[data-model="${at}"]`).first().click();
    await expect(chosen).toHaveText(labels[at]!);
    await page.keyboard.press('Escape');
  }
  // Sorted by a measure of one model, the row draws that model's matches.
  const drawn = page.locator('th.st');
  for (const at of [0, 2]) {
    await page
      .locator('.mats thead tr:last-child th')
      .nth(3 + at)
      .getByRole('button')
      .click();
    await row(page).locator('td.name').click();
    await expect(chosen).toHaveText(labels[at]!);
    await page.keyboard.press('Escape');
  }
  await expect(drawn).toContainText('r 8');
});

test('choices of single figures', async ({ page }) => {
  await samples(page);
  await page.getByLabel('As a share of all vectors').check();
  await expect(canvas(page, 'k-curve')).toHaveAttribute('aria-label', /^Share of/);
  const ranks = canvas(page, 'effective-rank');
  await expect(ranks).toHaveAttribute('aria-label', /Full/);
  await page.getByLabel('Adapters alone').check();
  await expect(ranks).not.toHaveAttribute('aria-label', /Full/);
});

test('a run of checkpoints is drawn over its steps', async ({ page }) => {
  await page.setViewportSize({ width: 1440, height: 1000 });
  await open(page);
  await drop(page, [fixture('minilm-layer0/base'), fixture('minilm-series/lora_r8_hot')]);
  await reaches(page, 'ready');
  await page.getByTestId('analyze').click();
  await reaches(page, 'done');
  // One row for the run, and its counts over the steps before all other figures.
  await expect(page.getByTestId('model-row')).toHaveCount(1);
  await expect(page.getByTestId('figure').first()).toHaveAttribute('data-figure', 'over-steps');
  await expect(canvas(page, 'over-steps')).toHaveAttribute('aria-label', /at step 100, .* at step 4,000/);
  await page.getByTestId('checkpoints').click();
  await expect(page.getByTestId('model-row')).toHaveCount(8);
  await row(page).click();
  await page.getByTestId('epsilon-slider').fill('0.9');
  const series = figure(page, 'evolution');
  await expect(series.locator('canvas')).toHaveAttribute('aria-label', /4,000/);
  const { columns, rows } = await table(page, 'evolution');
  const step = columns.indexOf('step');
  expect([...new Set(rows.map((r) => number(r[step]!)))].sort((a, b) => a - b).slice(0, 4)).toEqual([0, 100, 300, 600]);
  // The play head moves the other figures with it.
  await series.locator('#until').fill('3');
  await expect(series.locator('output[for=until]')).toHaveText('1,000');
  await expect(figure(page, 'similarity').locator('h2')).toHaveText(/step 1,000$/);
  await series.getByTestId('play').click();
  await expect(series.locator('output[for=until]')).toHaveText('4,000', { timeout: 10_000 });
});

test.describe('with reduced motion', () => {
  test.use({ contextOptions: { reducedMotion: 'reduce' } });
  test('a series goes one checkpoint a press', async ({ page }) => {
    await open(page);
    await drop(page, [fixture('minilm-layer0/base'), fixture('minilm-series/lora_r8_hot')]);
    await reaches(page, 'ready');
    await page.getByTestId('analyze').click();
    await reaches(page, 'done');
    await row(page).click();
    const at = figure(page, 'evolution').locator('output[for=until]');
    for (const step of ['100', '300', '600']) {
      await page.getByTestId('play').click();
      await expect(at).toHaveText(step);
      await page.waitForTimeout(600);
      await expect(at).toHaveText(step);
    }
  });
});

test('the menu is reached and left by keys', async ({ page }) => {
  await samples(page);
  await canvas(page, 'k-curve').focus();
  await page.keyboard.press('m');
  const menu = figure(page, 'k-curve').getByRole('menu');
  await expect(menu.getByRole('menuitem').first()).toBeFocused();
  await page.keyboard.press('ArrowUp');
  await expect(menu.getByRole('menuitem').last()).toBeFocused();
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowDown');
  await expect(menu.getByRole('menuitem').nth(1)).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(menu).toHaveCount(0);
  await expect(figure(page, 'k-curve').getByTestId('figure-menu')).toBeFocused();
});

test('variables are italic on the canvas, and names are as they are', async ({ page }) => {
  await page.addInitScript(() => {
    const written: [string, string][] = [];
    Object.assign(globalThis, { written });
    const { fillText } = CanvasRenderingContext2D.prototype;
    CanvasRenderingContext2D.prototype.fillText = function (text, x, y) {
      written.push([text, this.font]);
      fillText.call(this, text, x, y);
    };
  });
  await page.goto('./#v=1&report=gallery/sample.json');
  await reaches(page, 'done');
  await expect(canvas(page, 'epsilon-curve')).toBeVisible();
  const written = () => page.evaluate(() => (globalThis as unknown as { written: [string, string][] }).written);
  for (const wanted of ['ε', 'LoRA r = 8'])
    await expect.poll(async () => (await written()).some(([text]) => text === wanted)).toBe(true);
  for (const [text, font] of await written()) {
    const variable = /^[εθσλWcijknr]$/u.test(text);
    expect(font.includes('italic'), `“${text}” in ${font}`).toBe(variable);
  }
});
