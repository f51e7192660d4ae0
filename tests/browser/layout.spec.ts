/** The layout of the page and the movements in it: widths, pixels, frames, colours, keys. */
import { expect, test, type Page } from '@playwright/test';
import { analyze, chooseFolder, drop, fixture, open, planned, reaches } from './support';

const WIDTHS = [375, 1024, 1440];
const MODELS = ['full', 'lora_r1', 'lora_r8', 'lora_r64', 'lora_r8_hot', 'lora_r8_a8'];
const matrix = (page: Page) => page.locator('[data-testid=matrix-row]').first();

/** The plan of a base and six fine-tunes: as many columns as a table usually has. */
async function planAll(page: Page): Promise<void> {
  await drop(
    page,
    ['base', ...MODELS].map((folder) => fixture(`minilm-layer0/${folder}`)),
  );
  await planned(page, 12);
}

/** A base and one fine-tune, where only the drawing matters. */
async function results(page: Page): Promise<void> {
  await open(page);
  await chooseFolder(page, fixture('planted/base'));
  await planned(page, 1);
  await chooseFolder(page, fixture('planted/lambda_1.5'));
  await planned(page, 2);
  await analyze(page);
}

async function noOverflow(page: Page, state: string): Promise<void> {
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 900 });
    // Figures follow the width in the next frames; what stays too wide is wrong.
    await expect
      .poll(() => page.evaluate(() => [innerWidth, document.documentElement.scrollWidth]), {
        message: `${state} at ${width}`,
      })
      .toEqual([width, width]);
  }
}

test('nothing is wider than the screen', async ({ page }) => {
  await open(page);
  await expect(page.locator('figure.specimen canvas')).toBeVisible();
  await noOverflow(page, 'empty');
  await planAll(page);
  await noOverflow(page, 'plan');
  await analyze(page);
  await noOverflow(page, 'results');
  await matrix(page).click();
  await expect(page.locator('button.qd')).toHaveCount(MODELS.length);
  await noOverflow(page, 'matrix');
});

for (const ratio of [1, 1.5, 2]) {
  test.describe(`at ${ratio} device pixels a pixel`, () => {
    test.use({ deviceScaleFactor: ratio, viewport: { width: 1023, height: 900 } });

    test('canvases have the pixels of the screen', async ({ page }) => {
      await results(page);
      const sizes = () =>
        page
          .locator('canvas')
          .evaluateAll((all) =>
            (all as HTMLCanvasElement[]).map((c) => [
              c.width,
              c.height,
              Math.round(c.clientWidth * devicePixelRatio),
              Math.round(c.clientHeight * devicePixelRatio),
            ]),
          );
      const sharp = async (count: number, where: string) => {
        await expect(page.locator('canvas')).toHaveCount(count);
        // Those out of sight are drawn a moment later.
        await expect
          .poll(async () => (await sizes()).filter(([w, h, x, y]) => w !== x || h !== y), { message: where })
          .toEqual([]);
        for (const [width] of await sizes()) expect(width, where).toBeGreaterThan(90 * ratio);
      };
      expect(await page.evaluate(() => devicePixelRatio)).toBe(ratio);
      await sharp(6, 'results');
      await matrix(page).click();
      await sharp(5, 'matrix');
      await page.setViewportSize({ width: 701, height: 900 });
      await sharp(5, 'matrix, narrower');
    });
  });
}

/** Moves a slider several times within one task, and says how often each canvas was drawn in the frame after, and whether its pixels changed. */
function move(page: Page, slider: string, values: string[]): Promise<{ draws: number; changed: boolean }[]> {
  return page.getByTestId(slider).evaluate(async (input, values) => {
    const canvases = [...document.querySelectorAll('canvas')];
    const pixels = () => canvases.map((canvas) => canvas.toDataURL());
    // Whoever draws fills the whole first.
    const draws = new Map(canvases.map((canvas) => [canvas, 0]));
    const context = CanvasRenderingContext2D.prototype;
    const plain = context.fillRect;
    context.fillRect = function (this: CanvasRenderingContext2D, x, y, w, h) {
      if (x <= 0 && y <= 0 && w >= this.canvas.width && h >= this.canvas.height)
        draws.set(this.canvas, (draws.get(this.canvas) ?? 0) + 1);
      plain.call(this, x, y, w, h);
    };
    const before = pixels();
    for (const value of values) {
      (input as HTMLInputElement).value = value;
      input.dispatchEvent(new Event('input', { bubbles: true }));
    }
    await new Promise(requestAnimationFrame);
    const after = pixels();
    context.fillRect = plain;
    return canvases.map((canvas, at) => ({ draws: draws.get(canvas)!, changed: before[at] !== after[at] }));
  }, values);
}

test.describe('with every figure in sight', () => {
  test.use({ viewport: { width: 1200, height: 4400 } });

  test('a slider moves every figure within one frame, however often it moved', async ({ page }) => {
    await results(page);
    const count = () => page.locator('[data-label] td[data-l^="Intruders of"] span').innerText();
    await expect(page.locator('canvas')).toHaveCount(6);
    await page.waitForTimeout(400);
    for (const [slider, values] of [
      ['epsilon-slider', ['0.55', '0.6', '1']],
      ['k-slider', ['12', '30', '100']],
    ] as const) {
      const before = await count();
      const moved = await move(page, slider, [...values]);
      // Only the effective rank depends on neither dial: it is not drawn again.
      expect(
        moved.map(({ draws }) => draws),
        `${slider}: draws of each figure`,
      ).toEqual([1, 1, 1, 1, 0, 1]);
      expect(moved[0]!.changed, slider).toBe(true);
      expect(await count(), slider).not.toBe(before);
    }

    await page.getByTestId('k-slider').fill('10');
    await page.getByTestId('epsilon-slider').fill('0.5');
    await matrix(page).click();
    await expect(page.locator('canvas')).toHaveCount(5);
    // The whole map comes in a moment later, and is drawn once more.
    await expect(page.getByTestId('compute-vectors')).toHaveCount(0);
    await page.waitForTimeout(1000);
    for (const [slider, values] of [
      ['epsilon-slider', ['0.1', '0.05', '0.01']],
      ['k-slider', ['3', '4', '5']],
    ] as const) {
      const moved = await move(page, slider, [...values]);
      expect(
        moved.map(({ draws }) => draws),
        `${slider} in a matrix`,
      ).toEqual([1, 1, 1, 1, 1]);
      expect(moved[1]!.changed, `${slider}: the large map`).toBe(true);
    }
  });
});

/** The lightness of the canvas as the reader sees it: its own corner, over whatever lies under it. */
function lightness(page: Page): Promise<number> {
  return page.locator('[data-figure=epsilon-curve] canvas').evaluate((canvas: HTMLCanvasElement) => {
    const [r, g, b, a] = canvas.getContext('2d')!.getImageData(2, 2, 1, 1).data as unknown as [
      number,
      number,
      number,
      number,
    ];
    if (a > 0) return (r + g + b) / 3;
    const under = getComputedStyle(document.body)
      .backgroundColor.match(/[\d.]+/g)!
      .map(Number);
    return (under[0]! + under[1]! + under[2]!) / 3;
  });
}

test('the figures follow the colour scheme', async ({ page }) => {
  await page.emulateMedia({ colorScheme: 'light' });
  await results(page);
  const figure = page.locator('[data-figure=epsilon-curve] canvas');
  await figure.scrollIntoViewIfNeeded();
  await expect.poll(() => lightness(page)).toBeGreaterThan(200);
  const light = await figure.evaluate((canvas: HTMLCanvasElement) => canvas.toDataURL());
  await page.emulateMedia({ colorScheme: 'dark' });
  await expect.poll(() => lightness(page)).toBeLessThan(60);
  expect(await figure.evaluate((canvas: HTMLCanvasElement) => canvas.toDataURL())).not.toBe(light);
});

/** Presses Tab until the focus is where the selector says, as long as a patient reader would. */
async function tabTo(page: Page, selector: string): Promise<void> {
  for (let presses = 0; presses < 60; presses++) {
    if (await page.evaluate((s) => document.activeElement?.matches(s) ?? false, selector)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`60 times Tab do not reach ${selector}`);
}

/** One press, and the frame in which the page takes it in: nobody presses twice within one. */
async function press(page: Page, key: string): Promise<void> {
  await page.keyboard.press(key);
  await page.evaluate(() => new Promise(requestAnimationFrame));
}

test('everything is reached with the keys alone', async ({ page }) => {
  await open(page);
  await tabTo(page, '[data-testid=try-sample]');
  await page.keyboard.press('Enter');
  await reaches(page, 'done');

  await tabTo(page, '[data-figure=epsilon-curve] canvas');
  const spoken = page.locator('[data-figure=epsilon-curve] [aria-live]');
  await expect(spoken).toHaveText('');
  await press(page, 'ArrowRight');
  await expect(spoken).toContainText('below ε = 0.51');
  await press(page, 'ArrowRight');
  await expect(spoken).toContainText('below ε = 0.52');
  await press(page, 'Shift+ArrowLeft');
  await expect(spoken).toContainText('below ε = 0.42');

  await tabTo(page, '[data-testid=matrix-row]');
  const name = page.locator('.head .sub .mono');
  const opened = await page.evaluate(() => (document.activeElement as HTMLElement).dataset['name']!);
  await page.keyboard.press('Enter');
  await expect(name).toHaveText(opened);
  // The order of the network, whatever the order of the table.
  const next = await page.getByRole('button', { name: /^Next matrix/ }).getAttribute('aria-label');
  await page.keyboard.press(']');
  await expect(name).not.toHaveText(opened);
  await expect(page.locator('h1')).toHaveText(next!.replace('Next matrix: ', ''));
  await page.keyboard.press('[');
  await expect(name).toHaveText(opened);

  await tabTo(page, '[data-figure=similarity] canvas');
  const column = page.locator('[data-figure=similarity] [aria-live]');
  await press(page, 'ArrowRight');
  await expect(column).toContainText(/^j = \d+, /);
  const first = await column.innerText();
  await press(page, 'ArrowRight');
  await expect(column).not.toHaveText(first);

  // The first Escape takes the crosshair away, the next one closes the matrix.
  await page.keyboard.press('Escape');
  await expect(page.locator('[data-figure=similarity] .card')).toHaveCount(0);
  await expect(name).toHaveText(opened);
  await page.keyboard.press('Escape');
  await expect(page.getByTestId('model-row')).toHaveCount(4);
});

test('every press of an arrow counts, also where a frame takes longer than two of them', async ({ page }) => {
  await results(page);
  const figure = page.locator('[data-figure=epsilon-curve]');
  await figure.locator('canvas').focus();
  await figure.locator('canvas').evaluate((canvas) => {
    for (let presses = 0; presses < 5; presses++)
      canvas.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight', bubbles: true }));
  });
  await expect(figure.locator('[aria-live]')).toContainText('below ε = 0.55');
});
