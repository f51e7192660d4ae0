/** Readability of the page: names, widths, paper, themes, links, and where the focus goes. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test, type Page } from '@playwright/test';
import type { Report } from '../../www/wasm/simd/lorascope';
import { analyze, chooseFiles, chooseFolder, fixture, open, planned, reaches, summary, trySample } from './support';

test.use({ permissions: ['clipboard-read', 'clipboard-write'] });

const STORED = './#report=gallery/sample.json';
const folder = mkdtempSync(join(tmpdir(), 'lorascope-reading-'));

async function stored(page: Page, address = STORED): Promise<void> {
  await page.goto(address);
  await reaches(page, 'done');
  await expect(page.getByTestId('matrix-row').first()).toBeVisible();
}

/** Figures follow the width in the next frames; what stays too wide is wrong. */
async function fits(page: Page, width: number, what: string): Promise<void> {
  await expect
    .poll(() => page.evaluate(() => document.documentElement.scrollWidth), { message: `${what} at ${width}` })
    .toBe(width);
}

/** A stored report of 16 models with names as people give them, half of them known within bounds only; so many times as deep. */
function named(times = 1): { path: string; names: string[] } {
  const path = fileURLToPath(new URL('../../www/public/gallery/sample.json', import.meta.url));
  const report = JSON.parse(readFileSync(path, 'utf8')) as Report;
  const front = `acme-legal-contracts-v2-lora-r16-alpha32-learning-rate-0.0002-warmup-100-cosine-schedule-seed`;
  const names = [
    ...Array.from({ length: 12 }, (_, n) => `${front}-${n}-final-FIXED-2025-03-14`.padEnd(120, 'x')),
    'customer support adapter (EU, german + french)',
    'מתאם-תמיכה-בלקוחות-גרסה-סופית-מתוקנת',
    'medqa_llama3_8b_instruct_qlora_r64_checkpoint_best',
    'r8',
  ];
  report.models = names.map((label, at) => {
    const model = report.models[at % report.models.length]!;
    const matrices = model.matrices.map((m) => {
      const left = m.left!;
      const maxCosUpper = left.maxCos.map((cos, j) => (j < 3 ? Math.max(cos, 0.9) : cos));
      return at % 2 === 0 ? m : { ...m, left: { ...left, maxCosUpper } };
    });
    const deep = Array.from({ length: times }, (_, n) =>
      matrices.map((m) => ({ ...m, name: `${n}.${m.name}`, layer: 100 * n + (m.layer ?? 0) })),
    );
    return { ...model, label, matrices: deep.flat() };
  });
  const made = join(folder, 'named.json');
  writeFileSync(made, JSON.stringify(report));
  return { path: made, names };
}

test('sixteen long names keep their numbers beside them, at every width', async ({ page }) => {
  test.setTimeout(120_000);
  const { path, names } = named();
  await page.goto('./');
  await chooseFiles(page, path);
  await reaches(page, 'done');
  const rows = page.getByTestId('model-row');
  await expect(rows).toHaveCount(names.length);
  for (const [at, name] of names.entries()) await expect(rows.nth(at).locator('b').first()).toHaveText(name);
  for (const width of [320, 375, 768, 1440]) {
    await page.setViewportSize({ width, height: 900 });
    await fits(page, width, 'sixteen names');
    // Names of 120 letters take their lines; the numbers do not.
    const tallest = width < 1000 ? 340 : 220;
    const wrong = await rows.evaluateAll(
      (all, tallest) =>
        all.flatMap((row) => {
          const box = row.getBoundingClientRect();
          const seen = [...row.querySelectorAll('td')].filter((td) => td.checkVisibility());
          const cells = seen.map((td) => td.getBoundingClientRect());
          const open = row.querySelector('.open')?.getBoundingClientRect();
          const out = cells.some((cell) => cell.right > box.right + 1 || cell.width < 20);
          return box.height > tallest || out || (open && open.height > 20)
            ? [`${box.height} ${out} ${open?.height}`]
            : [];
        }),
      tallest,
    );
    expect(wrong, `at ${width}`).toEqual([]);
    // Words of the table stay whole: no column is as narrow as a letter.
    const narrow = await page
      .locator('.mats tbody tr:first-child td:not(.hide-s), .mats thead tr:last-child th:not(.hide-s)')
      .evaluateAll((all) => all.filter((cell) => cell.scrollWidth > cell.clientWidth + 1).length);
    expect(narrow, `at ${width}`).toBe(0);
  }
  const heads = await page.locator('.mats thead tr:last-child th:nth-child(n + 4) button').allInnerTexts();
  expect(new Set(heads.slice(0, names.length)).size).toBe(names.length);
  // The row's name stays in sight while its numbers are moved.
  await page.locator('.mats').evaluate((table) => (table.parentElement!.scrollLeft = 400));
  const name = page.getByTestId('matrix-row').first().locator('.name');
  expect((await name.boundingBox())!.x).toBeGreaterThan(0);
});

test('nothing scrolls sideways from 320 to 3840 pixels', async ({ page }) => {
  test.setTimeout(120_000);
  const narrower = async (what: string) => {
    for (const width of [320, 375, 640, 720, 768, 790, 900, 960, 1020, 1100, 1280, 1440, 1920, 3840]) {
      await page.setViewportSize({ width, height: 900 });
      await fits(page, width, what);
    }
  };
  await page.goto('./');
  await expect(page.locator('figure.specimen canvas')).toBeVisible();
  await narrower('empty');
  await stored(page);
  await narrower('results');
  await page.setViewportSize({ width: 375, height: 900 });
  await expect(page.getByTestId('preset')).toBeVisible();
  await page.getByTestId('matrix-row').first().click();
  await expect(page.locator('button.qd')).toHaveCount(4);
  await narrower('matrix');
});

test('on paper figures keep their shape, tables are whole, and nothing is for hands', async ({ page }) => {
  await page.emulateMedia({ colorScheme: 'dark' });
  await stored(page);
  const shapes = () =>
    page
      .locator('lorascope-figures canvas')
      .evaluateAll((all) =>
        (all as HTMLCanvasElement[]).map((c) => (c.clientWidth * c.height) / (c.clientHeight * c.width)),
      );
  await page.emulateMedia({ media: 'print' });
  await page.setViewportSize({ width: 672, height: 900 });
  await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
  await expect(page.getByTestId('matrix-row')).toHaveCount(12);
  await expect.poll(async () => (await shapes()).filter((ratio) => Math.abs(ratio - 1) > 0.02)).toEqual([]);
  expect(await shapes()).toHaveLength(6);
  for (const hidden of ['lorascope-menu', '.controls', '.choice', '.actions', '.site nav'])
    for (const one of await page.locator(hidden).all()) await expect(one, hidden).toBeHidden();
  const widest = await page
    .locator('lorascope-figures canvas')
    .evaluateAll((all) => Math.max(...all.map((c) => c.clientWidth)));
  expect(widest).toBeLessThanOrEqual(672);
  await page.evaluate(() => dispatchEvent(new Event('afterprint')));
});

test('the empty page says why, and shows a blank column above the fold of a phone', async ({ page }) => {
  await page.setViewportSize({ width: 375, height: 800 });
  await page.goto('./');
  const map = page.locator('figure.specimen canvas');
  await expect(map).toBeVisible();
  expect((await map.boundingBox())!.y).toBeLessThan(730);
  await expect(page.locator('.intro')).toContainText('forget');
  await expect(page.locator('.intro')).toContainText('intruder dimensions');
  // It plays once; at its end the column is blank, as it was for moments before.
  const strength = page.getByTestId('strength');
  await expect(strength).toHaveJSProperty('value', await strength.getAttribute('max'), { timeout: 20_000 });
  await expect(page.locator('figcaption')).toContainText('is blank');
  const said = await page.locator('figcaption').innerText();
  const [, column, match] = /Column (\d+) is blank.*best match (0\.\d+)/s.exec(said) ?? [];
  expect(Number(match)).toBeLessThan(0.25);
  await map.focus();
  for (let press = 0; press < Number(column); press++) await page.keyboard.press('ArrowRight');
  await expect(page.locator('figure.specimen [aria-live]')).toContainText(`best match c ${match}`);
});

test('the words of a map are true in both themes', async ({ page }) => {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await stored(page);
    await page.getByTestId('matrix-row').first().click();
    await expect(page.locator('.told')).toContainText('A strong cell');
    await expect(page.locator('main')).not.toContainText(/dark (cell|column)/i);
    await page.goto('about:blank');
  }
});

test('a copied link of own files shows their counts to others, or says why it cannot', async ({ page, context }) => {
  test.setTimeout(120_000);
  await open(page);
  await chooseFolder(page, fixture('planted/base'));
  await planned(page, 1);
  await chooseFolder(page, fixture('planted/lambda_1.5'));
  await planned(page, 2);
  await analyze(page);
  await page.getByTestId('epsilon-slider').fill('0.8');
  const label = (await page.getByTestId('model-row').first().getAttribute('data-label'))!;
  const mine = await summary(page, label);
  const copied = async (from: Page) => {
    await from.getByTestId('copy-link').locator('button').first().click();
    await expect(from.getByTestId('copy-link')).toContainText('Copied');
    return from.evaluate(() => navigator.clipboard.readText());
  };
  const link = await copied(page);
  const other = await context.newPage();
  await other.goto(link);
  await reaches(other, 'done');
  expect(await summary(other, label)).toEqual(mine);
  await expect(other.getByTestId('epsilon-slider')).toHaveValue('0.8');
  // A reload and a second copy are the same view; a run of one's own in its place is not.
  await other.reload();
  await reaches(other, 'done');
  expect(await copied(other)).toBe(link);

  // The open matrix comes with its map.
  await page.getByTestId('matrix-row').first().click();
  const map = page.locator('[data-figure=similarity]');
  await map.getByTestId('figure-menu').click();
  await map.getByTestId('copy-link').click();
  await expect(map.locator('.said')).toHaveText('Copied.');
  const third = await context.newPage();
  await third.goto(await page.evaluate(() => navigator.clipboard.readText()));
  await reaches(third, 'done');
  await expect(third.locator('[data-figure=similarity] canvas')).toHaveAttribute('aria-label', /^Similarity of/);

  const large = await context.newPage();
  await large.goto('./');
  await chooseFiles(large, named(8).path);
  await reaches(large, 'done');
  await large.getByTestId('copy-link').locator('button').first().click();
  await expect(large.locator('.why-not')).toContainText('Save report');

  const cut = await context.newPage();
  await cut.goto(`${link.slice(0, link.indexOf('packed=') + 200)}`);
  await expect(cut.getByTestId('error')).toContainText('cut off');
});

test('a report that ends before the window does says so', async ({ page }) => {
  const path = fileURLToPath(new URL('../../www/public/gallery/sample.json', import.meta.url));
  const report = JSON.parse(readFileSync(path, 'utf8')) as Report;
  for (const m of report.models.flatMap(({ matrices }) => matrices)) {
    if (m.left) m.left = { maxCos: m.left.maxCos.slice(0, 20), argmax: [] };
    m.right = undefined;
  }
  const made = join(folder, 'short.json');
  writeFileSync(made, JSON.stringify(report));
  await page.goto('./');
  await chooseFiles(page, made);
  await reaches(page, 'done');
  await expect(page.locator('.head .sub')).toContainText('the 20 strongest vectors');
  await expect(page.getByTestId('lacking')).toContainText('lies within the 20 vectors');
  await page.getByTestId('k-slider').fill('50');
  await expect(page.getByTestId('lacking')).toContainText('goes beyond the 20 vectors');
  await page.getByTestId('k-slider').fill('10');
  await page.locator('[data-side=right]').click();
  await expect(page.getByTestId('lacking')).toContainText('does not hold the right vectors');
  await page.getByTestId('preset').selectOption('letter');
  await expect(page.getByTestId('lacking')).toContainText('does not hold the signs of the best matches');
});

test('the focus goes to what is new and back to the row, and the title says what is shown', async ({ page }) => {
  await stored(page);
  await expect(page).toHaveTitle(/^4 fine-tunes of all-MiniLM-L6-v2 · Lorascope$/);
  const row = page.getByTestId('matrix-row').nth(3);
  const name = await row.getAttribute('data-name');
  await row.focus();
  await page.keyboard.press('Enter');
  const focused = () =>
    page.evaluate(() => (document.activeElement as HTMLElement).dataset['name'] ?? document.activeElement?.tagName);
  await expect.poll(focused).toBe('H1');
  await expect(page).toHaveTitle(/^Layer \d+, .* · Lorascope$/);
  await page.keyboard.press('Escape');
  await expect.poll(focused).toBe(name);
});

test('a table that goes on at the right says so, and keeps its names and best matches in sight', async ({ page }) => {
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.goto('./');
  await chooseFiles(page, named().path);
  await reaches(page, 'done');
  const table = page.locator('lorascope-table lorascope-wide');
  const [place, more] = [table.locator('.tbl-scroll'), table.getByTestId('more-columns')];
  const row = table.getByTestId('matrix-row').first();
  /** Whether a part of the row lies within the table's place. */
  const seen = (part: string) =>
    row.locator(part).evaluate((own) => {
      const [box, place] = [own, own.closest('.tbl-scroll')!].map((e) => e.getBoundingClientRect());
      return box!.left >= place!.left - 1 && box!.right <= place!.right + 1;
    });
  const scrolled = () => place.evaluate(({ scrollLeft }) => scrollLeft);
  await expect(more).toHaveText('More columns →');
  expect([await seen('td.name'), await seen('svg.strip')]).toEqual([true, true]);
  for (let presses = 0; presses < 20 && (await more.innerText()).startsWith('More'); presses++) {
    const before = await scrolled();
    await more.click();
    await expect.poll(scrolled).toBeGreaterThan(before);
    expect([await seen('td.name'), await seen('svg.strip')]).toEqual([true, true]);
    await page.waitForTimeout(50);
  }
  // At its end there is no more, and one press is the way back.
  await expect(more).toHaveText('← The first columns');
  expect(await place.evaluate((e) => e.scrollWidth - e.clientWidth - e.scrollLeft)).toBeLessThan(2);
  await more.click();
  await expect.poll(scrolled).toBe(0);
  // A short head says what it stands for.
  await expect(
    table.locator('th .sort[title*="customer support adapter (EU, german + french)"]').first(),
  ).toBeVisible();
  // A table that has room says nothing.
  await page.goto('./#report=gallery/sample.json');
  await reaches(page, 'done');
  await expect(table.getByTestId('matrix-row').first()).toBeVisible();
  await expect(page.locator('lorascope-summary').getByTestId('more-columns')).toHaveCount(0);
});

test('the counts of a rule that counts at random are faded, and it says why', async ({ page }) => {
  await open(page);
  for (const [at, name] of ['base', 'lora_r8_a8'].entries()) {
    await chooseFolder(page, fixture(`minilm-layer0/${name}`));
    await planned(page, 1 + 2 * at);
  }
  await analyze(page);
  const looks = (part: string) =>
    page
      .locator(part)
      .first()
      .evaluate((e) => [getComputedStyle(e).color, getComputedStyle(e).fontWeight]);
  const parts = ['[data-testid=model-row] .big', '.mats td.num b'];
  const name = '[data-testid=model-row] .called';
  const before = [await looks(parts[0]!), await looks(parts[1]!), await looks(name)];
  expect(before.map(([, weight]) => weight)).toEqual(['600', '600', '600']);
  await page.getByTestId('preset').selectOption('letter');
  await expect(page.locator('lorascope-summary')).toContainText('the rule in force counts at random');
  // What is out of sight follows a moment later.
  for (const [at, part] of parts.entries()) {
    await expect.poll(async () => (await looks(part))[1], { message: part }).toBe('400');
    expect((await looks(part))[0], part).not.toBe(before[at]![0]);
  }
  // The name stands as firm as before.
  expect(await looks(name)).toEqual(before[2]);
  await page.getByTestId('preset').selectOption('official');
  await expect(page.locator('lorascope-summary')).not.toContainText('at random');
  expect(await looks(parts[0]!)).toEqual(before[0]);
});

test('what all fine-tunes of a plan share is said once, what they do not in every row', async ({ page }) => {
  await open(page);
  const folder = (name: string) => fixture(`minilm-layer0/${name}`);
  for (const [at, name] of ['base', 'lora_r1', 'lora_r8'].entries()) {
    await chooseFolder(page, folder(name));
    await planned(page, 1 + 2 * at);
  }
  const rule = page.locator('[data-testid=plan-row] td[data-l="Pairing"]');
  await expect(page.getByTestId('plan-row')).toHaveCount(2);
  const shared = page.locator('.row', { has: page.getByTestId('plan-row') }).locator('.cap');
  await expect(shared).toContainText(/Each is merged as W = .*\. All pair by the rule: .*base_model\.model\..*\./);
  await expect(rule).toHaveCount(0);
  await expect(page.getByText('base_model.model.')).toHaveCount(1);
  await chooseFolder(page, folder('full'));
  await planned(page, 6);
  await expect(rule).toHaveCount(3);
  await expect(shared).not.toContainText('All pair');
});

test('k and ε are typed exactly, and what makes no sense is taken back', async ({ page }) => {
  await stored(page);
  const [k, epsilon] = [page.getByTestId('k-exact'), page.getByTestId('epsilon-exact')];
  const slider = page.getByTestId('k-slider');
  const type = async (field: typeof k, text: string) => {
    await field.focus();
    await page.keyboard.press('Control+a');
    await page.keyboard.press('Delete');
    await page.keyboard.type(text);
    await page.keyboard.press('Enter');
  };
  // As far as there are vectors, though the slider ends before.
  await type(k, '384');
  await expect(k).toHaveValue('384');
  await expect(page.locator('.group').first()).toContainText('k = 384');
  await expect(slider).toHaveAttribute('max', '100');
  await expect(slider).toHaveAttribute('aria-valuetext', '384');
  await expect.poll(() => new URL(page.url()).hash).toContain('k=384');
  await slider.fill('60');
  await expect(k).toHaveValue('60');
  await type(epsilon, '0.37');
  await expect(page.getByTestId('epsilon-slider')).toHaveValue('0.37');
  for (const [field, text, kept] of [
    [k, '1e9', '384'],
    [k, '-3', '1'],
    [k, '2.7', '3'],
    [k, '', '3'],
    [k, 'e', '3'],
    [k, '1e999', '3'],
    [epsilon, '7', '1.00'],
    [epsilon, '-0.5', '0.00'],
    [epsilon, '0.333', '0.33'],
    [epsilon, '--', '0.33'],
  ] as const) {
    await type(field, text);
    await expect(field, `“${text}”`).toHaveValue(kept);
  }
  // Escape takes back what is typed and leaves the matrix open; the keys of the page are letters in the field.
  await page.getByTestId('matrix-row').first().click();
  await k.focus();
  await page.keyboard.press('Control+a');
  await page.keyboard.type('55');
  await page.keyboard.press('Escape');
  await expect(k).toHaveValue('3');
  await expect(page.locator('.head .sub .mono')).toBeVisible();
});

test('the line of ε is drawn along its axis by the mouse, and set by Enter', async ({ page }) => {
  await stored(page);
  const figure = page.locator('[data-figure=epsilon-curve] canvas');
  await expect(figure).toHaveAttribute('aria-label', /.{20}/);
  await figure.scrollIntoViewIfNeeded();
  await page.waitForLoadState('networkidle');
  const box = (await figure.boundingBox())!;
  const value = async () => Number(await page.getByTestId('epsilon-exact').inputValue());
  await page.mouse.move(box.x + 0.5 * box.width, box.y + 0.5 * box.height);
  await page.mouse.down();
  const first = await value();
  await page.mouse.move(box.x + 0.7 * box.width, box.y + 0.5 * box.height, { steps: 4 });
  await expect.poll(value).toBeGreaterThan(first + 0.15);
  await page.mouse.up();
  const drawn = await value();
  await page.mouse.move(box.x + 0.3 * box.width, box.y + 0.5 * box.height);
  await page.waitForTimeout(100);
  expect(await value()).toBe(drawn);
  await figure.focus();
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('Enter');
  await expect.poll(value).not.toBe(drawn);

  const windows = page.locator('[data-figure=k-curve] canvas');
  await windows.click({ position: { x: 300, y: 100 } });
  await expect(page.getByTestId('k-exact')).not.toHaveValue('10');
});

test('from one matrix to the next in which the chosen model has an intruder, and neighbours in whole words', async ({
  page,
}) => {
  await stored(page);
  const [rows, next] = [page.getByTestId('matrix-row'), page.getByTestId('next-intruder')];
  await rows.first().locator('td').first().click();
  await expect(page.getByRole('button', { name: /^Next matrix/ })).toHaveText(/^Layer \d+, .+ →$/);
  const label = 'LoRA r = 1';
  await page.locator('.qd', { hasText: label }).click();
  await next.click();
  const [name, found] = [page.locator('.head .sub .mono'), page.locator('.qd[aria-pressed=true]')];
  await expect(found).toContainText(/[1-9]\d* intruders? in the top 10/);
  const first = await name.innerText();
  const seen = new Set<string>();
  for (let steps = 0; steps < 30 && !seen.has(await name.innerText()); steps++) {
    seen.add(await name.innerText());
    await expect(found.locator('.ttl')).toHaveText(label);
    await expect(found).toContainText(/[1-9]\d* intruders? in the top 10/);
    const before = await name.innerText();
    // The button and the key do the same.
    if (steps % 2 === 0) await next.click();
    else await page.keyboard.press('i');
    await expect(name).not.toHaveText(before);
  }
  // Around the end, over all of them and no others.
  expect(await name.innerText()).toBe(first);
  await page.keyboard.press('Escape');
  const summary = page.locator(`[data-testid=model-row][data-label="${label}"] td[data-l="Matrices with any"]`);
  await expect(summary).toHaveText(String(seen.size));

  // Where there is none it says so, and stays where it is.
  await rows.first().locator('td').first().click();
  await expect(found.locator('.ttl')).toHaveText(label);
  await page.getByTestId('epsilon-slider').fill('0');
  await expect(next).toBeDisabled();
  await expect(next).toHaveAttribute('title', `No other matrix has an intruder in ${label}`);

  // What was set in a matrix stays set behind it: the address before it was older.
  await expect(page).toHaveURL(/epsilon=0(&|$)/);
  await page.keyboard.press('Escape');
  await expect(rows.first()).toBeVisible();
  await expect(page).toHaveURL(/epsilon=0(&|$)/);
  await expect(page.getByTestId('epsilon-slider')).toHaveValue('0');
});

test('what is wrong with many files alike is said once, and the folders of tools are not read', async ({ page }) => {
  await open(page);
  const junk = Array.from({ length: 9 }, (_, n) => ({
    name: `part-${n}.safetensors`,
    mimeType: 'application/octet-stream',
    buffer: Buffer.from([255, 255, 255, 255, 255, 0, 0, n]),
  }));
  await chooseFiles(page, junk);
  await planned(page, 9);
  await expect(page.getByTestId('error')).toHaveCount(9);
  await expect(page.locator('.errs > li')).toHaveCount(1);
  await expect(page.locator('.errs summary')).toHaveText('The same of 8 others');
  // Nothing can be computed: what is asked for is the main thing to do.
  await expect(page.getByTestId('add')).toHaveText('Add the base');
  await expect(page.getByTestId('add')).toHaveClass(/main/);
  await expect(page.getByTestId('analyze')).not.toHaveClass(/main/);
});

test('a model stands alone in the figures while it is pointed at, and after a click until the next', async ({
  page,
}) => {
  await open(page);
  await trySample(page);
  const piece = page.getByTestId('alone').nth(1);
  const curve = page.locator('[data-figure=epsilon-curve] canvas');
  await page.mouse.move(0, 0);
  await curve.scrollIntoViewIfNeeded();
  const picture = () => curve.evaluate((canvas: HTMLCanvasElement) => canvas.toDataURL());
  // The figure is drawn when nothing moves any more.
  let all = '';
  const still = async () => {
    const [before, now] = [all, await picture()];
    all = now;
    return now === before;
  };
  await expect.poll(still, { intervals: [400] }).toBe(true);
  await piece.click();
  await expect(piece).toHaveAttribute('aria-pressed', 'true');
  await page.mouse.move(0, 0);
  const others = async () => (await picture()) === all;
  await expect.poll(others).toBe(false);
  // A file is what is seen; another click brings the others back.
  await piece.focus();
  await page.keyboard.press('Enter');
  await expect(piece).toHaveAttribute('aria-pressed', 'false');
  await expect.poll(others).toBe(true);
});

test('a window that leaves what is known moves nothing under the dial', async ({ page }) => {
  for (const width of [1440, 375]) {
    await page.setViewportSize({ width, height: 900 });
    await page.goto('about:blank');
    await page.goto('./#v=1&report=gallery/certified.json');
    await reaches(page, 'done');
    const place = () =>
      page.locator('lorascope-summary').evaluate((below) => Math.round(below.getBoundingClientRect().top + scrollY));
    await expect(page.getByTestId('lacking')).toContainText('k = 10 lies within');
    const before = await place();
    await page.getByTestId('k-slider').fill('90');
    await expect(page.getByTestId('lacking')).toContainText('k = 90 goes beyond');
    expect(await place(), `at ${width}`).toBe(before);
  }
});

test('a link to a figure shows its title below the dials', async ({ page }) => {
  for (const width of [1440, 768, 375]) {
    await page.setViewportSize({ width, height: 800 });
    await page.goto('about:blank');
    await page.goto('./#v=1&report=gallery/sample.json&figure=overview');
    await reaches(page, 'done');
    const title = page.locator('#overview h2');
    await expect.poll(async () => (await title.boundingBox())!.y, { message: `at ${width}` }).toBeLessThan(500);
    const dials = (await page.locator('.controls').boundingBox())!;
    const { y } = (await title.boundingBox())!;
    expect(y, `at ${width}`).toBeGreaterThanOrEqual(dials.y + dials.height);
    expect(y, `at ${width}`).toBeLessThan(dials.y + dials.height + 120);
  }
});
