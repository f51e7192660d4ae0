/** Accessibility: axe finds nothing, 200 % zoom loses nothing, a finger gets the numbers. */
import { expect, test, type Page } from '@playwright/test';
import { violations } from './breadth';
import { drop, fixture, open, planned, trySample } from './support';

async function clean(page: Page, state: string, colorScheme: 'light' | 'dark'): Promise<void> {
  expect(
    (await violations(page, colorScheme)).map(
      (v) =>
        `${state}: ${v.id}: ${v.nodes
          .map((n) => n.target.join(' '))
          .slice(0, 3)
          .join(' | ')}`,
    ),
  ).toEqual([]);
}

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme, viewport: { width: 1280, height: 900 } });

    test('axe finds nothing in any state', async ({ page }) => {
      test.setTimeout(120_000);
      await open(page);
      await clean(page, 'empty', colorScheme);
      await drop(page, [fixture('minilm-layer0/base'), fixture('minilm-layer0/lora_r8')]);
      await planned(page, 3);
      await clean(page, 'plan', colorScheme);
      await page.reload();
      await open(page);
      await trySample(page);
      await clean(page, 'results', colorScheme);
      await page.locator('[data-figure=k-curve] canvas').focus();
      await page.keyboard.press('t');
      await page.getByTestId('preset').selectOption('letter');
      await page.getByTestId('differences').click();
      await page.locator('[data-figure=overview]').getByTestId('figure-menu').click();
      await clean(page, 'results with menu, table and differences', colorScheme);
      await page.keyboard.press('Escape');
      await page.getByTestId('matrix-row').first().click();
      await expect(page.locator('[data-figure=vector] canvas')).toBeVisible();
      await clean(page, 'matrix', colorScheme);
      await page.goto('./gallery/index.html');
      await expect(page.locator('lorascope-figure canvas').first()).toBeVisible();
      await clean(page, 'gallery', colorScheme);
    });
  });
}

test.describe('at 200 %', () => {
  // A window of 1280 pixels zoomed to 200 % is 640 CSS pixels wide.
  test.use({ viewport: { width: 640, height: 400 }, deviceScaleFactor: 2 });
  test('nothing is cut off, and every control can be reached', async ({ page }) => {
    await open(page);
    await trySample(page);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(640);
    await page.locator('[data-figure=epsilon-curve]').getByTestId('figure-menu').click();
    const last = page.getByRole('menuitem').last();
    await last.scrollIntoViewIfNeeded();
    await expect(last).toBeInViewport();
    await page.keyboard.press('Escape');
    await page.getByTestId('matrix-row').first().click();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(640);
  });
});

test.describe('by touch', () => {
  test.use({ hasTouch: true, isMobile: true, viewport: { width: 375, height: 800 } });
  test('a tap shows the numbers, and the menu opens', async ({ page }) => {
    await open(page);
    await page.getByTestId('try-sample').tap();
    await expect(page.getByTestId('status')).toHaveAttribute('data-state', 'done', { timeout: 60_000 });
    const overview = page.locator('[data-figure=overview]');
    await overview.locator('canvas').scrollIntoViewIfNeeded();
    await overview.locator('canvas').tap({ position: { x: 80, y: 100 } });
    await expect(overview.locator('.card')).toBeVisible();
    await overview.getByTestId('figure-menu').tap();
    const menu = overview.getByRole('menu');
    await expect(menu).toBeVisible();
    const box = (await menu.boundingBox())!;
    expect(box.x >= 0 && box.x + box.width <= 375).toBe(true);
  });
});
