/** The picture of the empty page: it moves once, follows the hand, and shows what the lesson computes. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test, type Page } from '@playwright/test';
import type { Report } from '../../www/wasm/simd/lorascope';

const stored = JSON.parse(
  readFileSync(fileURLToPath(new URL('../../www/public/specimen.json', import.meta.url)), 'utf8'),
) as Report;
const LAST = stored.models.length - 1;
const bests = stored.models.map(({ matrices: [matrix] }) => matrix!.left!.maxCos);

const dial = (page: Page) => page.getByTestId('strength');
const canvas = (page: Page) => page.locator('figure.specimen canvas');
const pixels = (page: Page) => canvas(page).evaluate((c) => (c as HTMLCanvasElement).toDataURL());

test('it begins with nothing new and ends with one column that is blank', () => {
  expect(bests[0]!.every((cos) => cos > 0.99)).toBe(true);
  const [blank, ...others] = [...bests[LAST]!].sort((a, b) => a - b);
  expect(blank).toBeLessThan(0.2);
  expect(others.every((cos) => cos > 0.95)).toBe(true);
});

test('it plays once by itself, and then follows the hand', async ({ page }) => {
  await page.goto('./');
  await expect(dial(page)).toHaveValue(String(LAST), { timeout: 15_000 });
  await expect(page.locator('.specimen .capline')).toContainText('Column 1 is blank');
  const end = await pixels(page);
  await dial(page).fill('0');
  await expect(page.locator('.specimen .capline')).toContainText('Nothing is added yet');
  await expect.poll(() => pixels(page)).not.toBe(end);
  // It does not play again.
  await page.waitForTimeout(600);
  await expect(dial(page)).toHaveValue('0');
});

test('with reduced motion it stands at its end', async ({ page }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  const seen = new Set<string>();
  await page.exposeFunction('seen', (value: string) => seen.add(value));
  await page.goto('./');
  await dial(page).evaluate((input) => {
    const look = () => {
      (globalThis as unknown as { seen(v: string): void }).seen((input as HTMLInputElement).value);
      requestAnimationFrame(look);
    };
    look();
  });
  await expect(dial(page)).toHaveValue(String(LAST));
  await expect(canvas(page)).toHaveAttribute('aria-label', /.{12}/);
  expect([...seen].filter((value) => value !== '0' && value !== String(LAST))).toEqual([]);
});

test('what it shows is what the lesson computes', async ({ page }) => {
  const facts = () =>
    page.evaluate(
      () =>
        document.querySelector<HTMLElement & { facts: Record<string, number> }>('lorascope-lesson-view')?.facts ?? {},
    );
  await page.goto('./#v=1&lesson=making-an-intruder&seed=10');
  for (const at of [4, 12, 16, LAST]) {
    const lambda = Number(/λ = ([\d.]+) σ₁/.exec(stored.models[at]!.label)![1]);
    await page.getByTestId('dial-lambda').fill(String(lambda));
    await expect.poll(async () => (await facts())['lambda'], { timeout: 30_000 }).toBe(lambda);
    const known = await facts();
    for (const n of [1, 2, 3]) expect(bests[at]![n - 1]).toBeCloseTo(known[`bestMatch${n}`]!, 2);
  }
});
