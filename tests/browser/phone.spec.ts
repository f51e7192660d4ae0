/** The page on a phone, by touch: what is pressed is large enough, maps are held by two fingers, and nothing is known by hovering alone. */
import { expect, test, type Page } from '@playwright/test';
import { analyze, chooseFiles, fixture, open, planned, reaches } from './support';

test.use({ hasTouch: true, isMobile: true, viewport: { width: 375, height: 800 } });

/** Controls that are smaller than a finger. A link inside a sentence has the height of its line, as everywhere. */
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

test('results are shared by touch, and open on another phone', async ({ page, context }) => {
  test.setTimeout(120_000);
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await open(page);
  await chooseFiles(page, [fixture('planted/base/model.safetensors')]);
  await planned(page, 1);
  await chooseFiles(page, [fixture('planted/lambda_1.5/model.safetensors')]);
  await planned(page, 2);
  await page.getByTestId('analyze').tap();
  await reaches(page, 'done');
  const shown = await page.getByTestId('model-row').innerText();
  await page.getByTestId('copy-link').getByRole('button').tap();
  await expect(page.getByTestId('copy-link').getByRole('button')).toHaveText('Copied');

  const figure = page.getByTestId('figure').first();
  await figure.getByTestId('figure-menu').tap();
  await expect(figure.getByRole('menu')).toBeVisible();
  expect(await small(page), 'the menu of a figure').toEqual([]);
  const [download] = await Promise.all([page.waitForEvent('download'), figure.getByTestId('export-png').tap()]);
  expect(download.suggestedFilename()).toMatch(/\.png$/);
  await expect(figure.getByRole('menu')).toHaveCount(0);

  const other = await context.newPage();
  await other.goto(await page.evaluate(() => navigator.clipboard.readText()));
  await expect(other.getByTestId('model-row')).toHaveText(shown.replace(/\s+/g, ' ').trim(), { useInnerText: true });
  expect(await small(other), 'results from a link').toEqual([]);
});

test('a lesson by touch: a prediction, a dial, its menu, and the link for a class', async ({ page, context }) => {
  test.setTimeout(120_000);
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await open(page);
  await page.getByTestId('to-lessons').tap();
  await expect(page.getByTestId('lesson-link').first()).toBeVisible();
  expect(await small(page), 'the list of lessons').toEqual([]);
  await page.getByTestId('lesson-link').nth(1).tap();
  const map = page.locator('[data-slot=similarity] canvas');
  await expect(map).toHaveAttribute('aria-label', /.{12}/);
  await page.getByTestId('option').nth(1).tap();
  await expect(page.getByTestId('answer')).toContainText('You said');
  await page.getByTestId('more-dials').tap();
  await page.getByTestId('teachers').locator('summary').tap();
  expect(await small(page), 'a lesson with everything open').toEqual([]);

  // Where a finger comes down on a dial, there it is.
  const dial = page.getByTestId('dial-lambda');
  await dial.scrollIntoViewIfNeeded();
  const { width, height } = (await dial.boundingBox())!;
  await dial.tap({ position: { x: 0.9 * width, y: height / 2 } });
  await expect.poll(async () => Number(await dial.inputValue())).toBeGreaterThan(1.5);
  await expect(page.locator('.lesson-after')).toContainText('σ₁');
  await map.tap();
  await expect(page.locator('[data-slot=similarity] .card')).toBeVisible();

  await page.locator('[data-slot=similarity]').getByTestId('figure-menu').tap();
  await expect(page.getByRole('menu')).toBeVisible();
  expect(await small(page), 'the menu of a lesson').toEqual([]);
  await page.getByTestId('copy-link').tap();
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toContain('lesson=making-an-intruder');
  await page.getByTestId('copy-class-link').getByRole('button').tap();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  const pupil = await context.newPage();
  await pupil.goto(link);
  await expect(pupil.getByTestId('dial-lambda')).toHaveValue(await dial.inputValue());
  await expect(pupil.getByTestId('teachers')).toHaveCount(0);
});

test('a training by touch', async ({ page }) => {
  test.setTimeout(120_000);
  await page.goto('./#v=1&lesson=train-it-here');
  await expect(page.locator('lorascope-lesson-view canvas').first()).toHaveAttribute('aria-label', /.{12}/);
  expect(await small(page), 'before it trains').toEqual([]);
  const status = page.getByTestId('run-status');
  await page.getByTestId('step').tap();
  await expect(status).toHaveText('Paused.', { timeout: 30_000 });
  await page.getByTestId('play').tap();
  await expect(status).toHaveText('Training.');
  await page.getByTestId('play').tap();
  await expect(status).toHaveText('Paused.', { timeout: 30_000 });
  expect(await small(page), 'while it trains').toEqual([]);
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
