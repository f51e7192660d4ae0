/** A model's reading on the page, the words that explain themselves, and the card as files, opened and measured. */
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test, type Locator, type Page } from '@playwright/test';
import type { Report } from '../../www/wasm/simd/lorascope';
import { chooseFiles, fixture, reaches, summary, troubles } from './support';

test.use({ permissions: ['clipboard-read', 'clipboard-write'], colorScheme: 'light' });

const folder = mkdtempSync(join(tmpdir(), 'lorascope-readings-'));
const SAMPLE = fixture('../../www/public/gallery/sample.json');

async function stored(page: Page, file: Parameters<typeof chooseFiles>[1] = SAMPLE): Promise<void> {
  await page.goto('./');
  await chooseFiles(page, file);
  await reaches(page, 'done');
}

/** The reading of a model, opened. */
async function opened(page: Page, label: string): Promise<Locator> {
  await page.locator(`[data-testid=folded][data-label="${label}"] > summary`).click();
  return page.locator(`[data-testid=reading][data-label="${label}"]`);
}

const part = (reading: Locator, id: string) => reading.locator(`[data-part=${id}] dd`);

async function save(reading: Locator, kind: string): Promise<string> {
  await reading.getByTestId('figure-menu').click();
  const [download] = await Promise.all([
    reading.page().waitForEvent('download'),
    reading.getByTestId(`card-${kind}`).click(),
  ]);
  const path = join(folder, download.suggestedFilename());
  await download.saveAs(path);
  return path;
}

/** Texts of a drawing that lie over another, or leave it: as this browser's own letters have it. */
function crowded(page: Page): Promise<string[]> {
  return page.locator('svg:visible').evaluate((svg) => {
    const all = [...svg.querySelectorAll('text')].map((t) => ({
      words: t.textContent!.trim(),
      box: t.getBoundingClientRect(),
    }));
    const whole = svg.getBoundingClientRect();
    const out = all.filter(
      ({ box }) => box.left < whole.left + 40 || box.right > whole.right - 40 || box.bottom > whole.bottom,
    );
    const over = all.flatMap((a, n) =>
      all
        .slice(n + 1)
        // Boxes are as tall as the font's line: letters are not.
        .filter(
          (b) =>
            a.box.left < b.box.right &&
            b.box.left < a.box.right &&
            Math.abs(a.box.top + a.box.height / 2 - b.box.top - b.box.height / 2) <
              0.33 * (a.box.height + b.box.height),
        )
        .map((b) => `“${a.words}” over “${b.words}”`),
    );
    return [...out.map((a) => `“${a.words}” leaves the card`), ...over];
  });
}

test('each fine-tune is read in three parts that follow the sliders', async ({ page }) => {
  const found = await troubles(page);
  await stored(page);
  await expect(page.getByTestId('folded')).toHaveCount(4);
  await expect(page.getByTestId('reading')).toHaveCount(0);
  const r8 = await opened(page, 'LoRA r = 8');
  const { intruders, weakest } = await summary(page, 'LoRA r = 8');
  await expect(part(r8, 'what')).toContainText(`${intruders} intruders among the 120 strongest vectors of 12 matrices`);
  await expect(part(r8, 'how-sure')).toContainText('at ε = 0.30');
  await expect(part(r8, 'what-follows')).toContainText('arXiv:2410.21228v2');
  await expect(r8.locator('.ahead')).toContainText(`The weakest match, ${weakest.toFixed(2)}, is in `);

  // A word of the field explains itself where it stands, and leads to its lesson.
  await part(r8, 'what').getByTestId('term').first().click();
  const meaning = r8.locator('.meaning:popover-open');
  await expect(meaning).toContainText('a direction that the base did not have');
  await expect(meaning.getByRole('link')).toHaveAttribute('href', '#lesson=making-an-intruder');
  await page.keyboard.press('Escape');
  await expect(meaning).toHaveCount(0);

  // PEFT's call has the rule in force.
  await page.getByTestId('epsilon-slider').fill('0.6');
  await expect(part(r8, 'how-sure')).toContainText('at ε = 0.40');
  await r8.getByText('Scale them down with PEFT').click();
  await expect(r8.getByTestId('peft')).toContainText('top_k=10, threshold_epsilon=0.6, mitigation_lambda=0.75');
  await r8.locator('.cmd').getByRole('button').click();
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toContain('reduce_intruder_dimension(');

  await r8.getByTestId('next-matrix').click();
  await expect(page.locator('lorascope-matrix')).toBeVisible();
  expect(found).toEqual([]);
});

test('a folded reading says its first sentence, in two lines at most on a phone', async ({ page }) => {
  await stored(page);
  const folded = page.locator('[data-testid=folded][data-label="LoRA r = 8"]');
  const { intruders } = await summary(page, 'LoRA r = 8');
  await expect(folded.locator('.gist')).toContainText(`${intruders} intruders among the 120 strongest vectors`);
  await page.getByTestId('epsilon-slider').fill('0.6');
  await expect(folded.locator('.gist')).toContainText(`${(await summary(page, 'LoRA r = 8')).intruders} intruders`);
  await page.setViewportSize({ width: 375, height: 812 });
  const lines = await folded
    .locator('.gist')
    .evaluate((gist) => gist.getBoundingClientRect().height / Number.parseFloat(getComputedStyle(gist).lineHeight));
  expect(lines).toBeLessThan(2.1);
  await expect.poll(() => page.evaluate(() => document.documentElement.scrollWidth)).toBe(375);
});

test('the card is saved as drawing, picture and page', async ({ page }) => {
  test.setTimeout(90_000);
  await stored(page);
  let r1 = await opened(page, 'LoRA r = 1');
  const told = await part(r1, 'what').innerText();

  const png = readFileSync(await save(r1, 'png'));
  expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([1200, 630]);

  const svg = await save(r1, 'svg');
  expect(svg).toMatch(/lorascope-lora-r1\.svg$/);
  await page.goto(pathToFileURL(svg).href);
  expect(await crowded(page)).toEqual([]);

  await stored(page);
  r1 = await opened(page, 'LoRA r = 1');
  const html = await save(r1, 'html');
  await page.goto(pathToFileURL(html).href);
  await expect(page.locator('svg:visible')).toHaveCount(1);
  await expect(page.locator('p').first()).toContainText(told);
  expect(await page.locator('script').count()).toBe(0);
  expect(await crowded(page)).toEqual([]);
});

test('names of 120 letters stay on the card, and several readings are folded', async ({ page }) => {
  test.setTimeout(90_000);
  const report = JSON.parse(readFileSync(SAMPLE, 'utf8')) as Report;
  const names = ['W'.repeat(120), 'acme-legal-contracts_v2/'.repeat(5), '模型'.repeat(60), 'w'.repeat(119), 'x', 'y'];
  report.base.label = 'M'.repeat(120);
  report.models = names.map((label, at) => ({ ...report.models[1 + (at % 2)]!, label }));
  await stored(page, { name: 'named.json', mimeType: 'application/json', buffer: Buffer.from(JSON.stringify(report)) });
  await expect(page.getByTestId('reading')).toHaveCount(0);
  for (const at of [0, 1, 2, 3]) await page.getByTestId('folded').nth(at).locator('> summary').click();
  await expect(page.getByTestId('reading')).toHaveCount(4);
  const paths: string[] = [];
  for (const at of [0, 1, 2, 3]) paths.push(await save(page.getByTestId('reading').nth(at), 'svg'));
  for (const path of paths) {
    await page.goto(pathToFileURL(path).href);
    expect(await crowded(page), path).toEqual([]);
  }
});

test('the models are compared in words that rank nobody, and follow the threshold', async ({ page }) => {
  await stored(page);
  const compared = page.getByTestId('compared');
  await expect(compared).toContainText(/^Of 4 models .* has the most new directions, \d+ of \d+ at/);
  await expect(compared).toContainText('arXiv:2410.21228v3');
  await expect(compared).toContainText('arXiv:2607.23711');
  await expect(compared).not.toContainText(/better|worse/i);
  const before = await compared.innerText();
  await page.getByTestId('epsilon-slider').fill('0.9');
  await expect(compared).not.toHaveText(before);
});
