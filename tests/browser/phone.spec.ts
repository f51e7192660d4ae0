/** The page on a phone, by touch: what is pressed is large enough, maps are held by two fingers, and nothing is known by hovering alone. */
import { expect, test, type Page } from '@playwright/test';
import { analyze, chooseFiles, fixture, open, planned } from './support';

test.use({ hasTouch: true, isMobile: true, viewport: { width: 375, height: 800 } });

/** What can be pressed and is smaller than a finger. A link inside a sentence has the height of its line, as everywhere. */
const small = (page: Page): Promise<string[]> =>
  page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>('button, a[href], select, summary, input:not([type=file])')]
      .filter((e) => e.checkVisibility({ visibilityProperty: true }) && !e.closest('.sr'))
      .filter((e) => !(e.matches('a, .link') && e.closest('p, dd, li, figcaption')))
      .map((e) => {
        const label = e.matches('input[type=checkbox], input[type=radio]') ? e.closest('label') : null;
        const { width, height } = (label ?? e).getBoundingClientRect();
        return { what: `${e.tagName} ${e.className} ${e.textContent?.trim().slice(0, 20)}`, width, height };
      })
      .filter(({ width, height }) => width > 0 && (height < 43.5 || width < 24))
      .map(({ what, width, height }) => `${what}: ${Math.round(width)} x ${Math.round(height)}`),
  );

test('files by the chooser, results, one matrix: everything that is pressed is 44 pixels high', async ({ page }) => {
  test.setTimeout(120_000);
  await open(page);
  expect(await small(page), 'the empty page').toEqual([]);
  await chooseFiles(page, [
    fixture('minilm-layer0/base/model.safetensors'),
    fixture('minilm-layer0/full/model.safetensors'),
  ]);
  await planned(page, 2);
  expect(await small(page), 'the plan').toEqual([]);
  await analyze(page);
  expect(await small(page), 'results').toEqual([]);
  await page.getByTestId('matrix-row').first().tap();
  const map = page.locator('[data-figure=similarity] canvas').first();
  await expect(map).toHaveAttribute('aria-label', /.{12}/);
  expect(await small(page), 'one matrix').toEqual([]);

  // A tap shows what the mouse shows by hovering.
  await map.tap();
  await expect(page.locator('[data-figure=similarity] .card').first()).toBeVisible();

  const top = () =>
    page.evaluate(() => {
      const view = document.querySelector<HTMLElement & { spec: { top: number; origin: { i: number; j: number } } }>(
        '[data-figure=similarity] lorascope-figure-view',
      )!;
      return { top: view.spec.top, j: view.spec.origin.j };
    });
  const before = await top();
  await fingers(page, [
    [-30, 30],
    [-80, 80],
  ]);
  await expect.poll(async () => (await top()).top).toBeLessThan(before.top);
  const near = await top();
  await fingers(page, [
    [0, 80],
    [-60, 20],
  ]);
  await expect.poll(async () => (await top()).j).toBeGreaterThan(near.j);
});

/** Two fingers on the map, from places to places, as offsets from its middle. */
async function fingers(page: Page, [from, to]: [[number, number], [number, number]]): Promise<void> {
  const map = page.locator('[data-figure=similarity] canvas').first();
  await map.scrollIntoViewIfNeeded();
  const box = (await map.boundingBox())!;
  const at = ([a, b]: [number, number]) =>
    [a, b].map((dx, id) => ({ id, x: box.x + box.width / 2 + dx, y: box.y + box.height / 2 }));
  const client = await page.context().newCDPSession(page);
  const send = (type: 'touchStart' | 'touchMove' | 'touchEnd', touchPoints: ReturnType<typeof at>) =>
    client.send('Input.dispatchTouchEvent', { type, touchPoints });
  await send('touchStart', at(from));
  for (let step = 1; step <= 5; step++)
    await send('touchMove', at([0, 1].map((n) => from[n]! + ((to[n]! - from[n]!) * step) / 5) as [number, number]));
  await send('touchEnd', []);
  await client.detach();
}
