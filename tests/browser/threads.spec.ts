/** The threads of the shipped page: it is isolated, takes the threaded build, and has a pool of at least two. */
import { expect, test } from '@playwright/test';
import { ready } from './support';

test('the page is isolated and the engine runs in a pool of threads', async ({ page }) => {
  await page.goto('./');
  const html = page.locator('html');
  await ready(page, /^threads\+/);
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
  expect(Number(await html.getAttribute('data-threads'))).toBeGreaterThanOrEqual(2);
});

test('nothing the page does is refused by its own policy', async ({ page }) => {
  const refused: string[] = [];
  page.on('console', (message) => {
    if (/Content.Security.Policy/i.test(message.text())) refused.push(message.text());
  });
  await page.goto('./');
  await ready(page);
  expect(refused).toEqual([]);
});
