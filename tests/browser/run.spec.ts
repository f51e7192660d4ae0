/** Cancel and resume: a run can be stopped at once and taken up again, and the page answers while it goes on. */
import { expect, test, type Page } from '@playwright/test';
import { makeModel } from '../benches/data/make.mjs';
import { single } from '../benches/data/shapes.mjs';
import { checkCount, reference } from './reference';
import { computeSample, drop, open, planned, reaches, summary, trySample } from './support';

const MODELS = [
  ['full', 'Full'],
  ['lora-r1', 'LoRA r = 1'],
  ['lora-r8-alpha8', 'LoRA r = 8'],
  ['lora-r64', 'LoRA r = 64'],
] as const;
const MATRICES = 24;

/** Cancels, and holds the page to its word. The page's own clock: the way through the test runner is not part of the bound. */
async function cancels(page: Page): Promise<void> {
  await page.evaluate(() => {
    const status = document.querySelector<HTMLElement>('[data-testid=status]')!;
    const times = ((globalThis as unknown as { times: Record<string, number> }).times = {});
    addEventListener('click', () => Object.assign(times, { click: performance.now() }), { capture: true, once: true });
    new MutationObserver(() => {
      if (status.dataset['state'] === 'cancelled') Object.assign(times, { cancelled: performance.now() });
    }).observe(status, { attributes: true, attributeFilter: ['data-state'] });
  });
  await page.getByTestId('cancel').click();
  await reaches(page, 'cancelled');
  const { click, cancelled } = await page.evaluate(
    () => (globalThis as unknown as { times: { click: number; cancelled: number } }).times,
  );
  test.info().annotations.push({
    type: 'measured',
    description: `cancelled ${(cancelled - click).toFixed(0)} ms after the click`,
  });
  expect(cancelled - click).toBeLessThan(200);
}

test('a cancelled run stops within 200 ms, keeps what is done, and goes on from there', async ({ page }) => {
  await open(page);
  await computeSample(page);
  await expect
    .poll(async () => Number(await page.getByTestId('progress').getAttribute('aria-valuenow')))
    .toBeGreaterThan(1);

  await cancels(page);

  const done = number(/^Cancelled after (\d+) of 24$/.exec(await page.locator('h1').innerText())?.[1]);
  expect(done).toBeGreaterThan(1);
  expect(done).toBeLessThan(MATRICES);
  // The table holds what is done, its first twelve rows at first.
  await expect(page.getByTestId('matrix-row')).toHaveCount(Math.min(12, done));
  const kept = await page
    .getByTestId('matrix-row')
    .evaluateAll((rows) => rows.map((row) => (row as HTMLElement).dataset['name']!));
  // Nothing comes in after the end.
  await page.waitForTimeout(700);
  await expect(page.locator('h1')).toHaveText(`Cancelled after ${done} of ${MATRICES}`);

  await expect(page.getByTestId('analyze')).toHaveText(`Analyze the other ${MATRICES - done}`);
  await page.getByTestId('analyze').click();
  await reaches(page, 'done');
  await page.getByRole('button', { name: /^Show the other/ }).click();
  await expect(page.getByTestId('matrix-row')).toHaveCount(MATRICES);
  for (const name of kept) await expect(page.locator(`[data-testid=matrix-row][data-name="${name}"]`)).toHaveCount(1);
  // What sample.spec.ts asks of a run without a break.
  for (const epsilon of [0.3, 0.5, 0.8]) {
    await page.getByTestId('epsilon-slider').fill(String(epsilon));
    await expect(page.getByTestId('epsilon-exact')).toHaveValue(epsilon.toFixed(2));
    // The summary is out of sight here: it follows when the slider rests.
    for (const [file, label] of MODELS)
      await expect(async () =>
        checkCount((await summary(page, label)).intruders, reference('sample-expected', file), 10, epsilon, label),
      ).toPass();
  }
});

test('the middle of a 4096 x 4096 matrix is cancelled as fast', async ({ page }, info) => {
  const { base, tuned } = makeModel(info.outputPath('large'), single(4096, 4096), 'lora16');
  await open(page, { build: 'threads', address: './?mode=exact' });
  await drop(page, [base, ...tuned]);
  await planned(page, 3);
  await page.getByTestId('analyze').click();
  await reaches(page, 'running');
  // Reading takes less, computing a multiple of this.
  await page.waitForTimeout(4000);
  await cancels(page);
  await expect(page.locator('h1')).toHaveText('Cancelled after 0 of 1');
});

test('frames keep coming while it computes', async ({ page }) => {
  await open(page);
  await page.evaluate(() => {
    const gaps = ((globalThis as unknown as { gaps: number[] }).gaps = []) as number[];
    let last = 0;
    const frame = (now: number) => {
      const running = document.querySelector<HTMLElement>('[data-testid=status]')?.dataset['state'] === 'running';
      if (running && last > 0) gaps.push(now - last);
      last = running ? now : 0;
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
  await trySample(page);
  const gaps = await page.evaluate(() => (globalThis as unknown as { gaps: number[] }).gaps);
  const longest = Math.max(...gaps);
  test.info().annotations.push({
    type: 'measured',
    description: `longest gap ${longest.toFixed(0)} ms over ${gaps.length} frames`,
  });
  expect(gaps.length).toBeGreaterThan(50);
  expect(longest).toBeLessThan(250);
});

test('figures out of sight wait for the end of a run, or until they come into sight', async ({ page }) => {
  await page.addInitScript(() => {
    const drawn = ((globalThis as unknown as { drawn: Drawn[] }).drawn = [] as Drawn[]);
    const fill = CanvasRenderingContext2D.prototype.fillRect;
    // Every drawing fills its paper.
    CanvasRenderingContext2D.prototype.fillRect = function (x, y, width, height) {
      fill.call(this, x, y, width, height);
      const { top, bottom } = this.canvas.getBoundingClientRect();
      const id = this.canvas.closest<HTMLElement>('[data-testid=figure]')?.dataset['figure'] ?? '';
      const inSight = bottom > 0 && top < innerHeight;
      const running = document.querySelector<HTMLElement>('[data-testid=status]')?.dataset['state'] === 'running';
      const last = drawn.at(-1);
      if (last?.id !== id || last.running !== running || last.inSight !== inSight) drawn.push({ id, inSight, running });
    };
  });
  const drawn = () => page.evaluate(() => (globalThis as unknown as { drawn: Drawn[] }).drawn);
  await page.goto('./?store=off');
  await computeSample(page);
  await reaches(page, 'running');
  await page.locator('[data-testid=figure][data-figure=k-curve]').evaluate((own) => own.scrollIntoView());
  // What stood there before are the stored results, and what left the window is told so a frame later.
  await page.waitForTimeout(100);
  await page.evaluate(() => (globalThis as unknown as { drawn: Drawn[] }).drawn.splice(0));
  await reaches(page, 'done');
  await expect.poll(async () => (await drawn()).filter((d) => !d.running && !d.inSight).length).toBeGreaterThan(2);
  const during = (await drawn()).filter(({ running, id }) => running && id);
  expect(during.filter(({ inSight }) => !inSight)).toEqual([]);
  expect(during.map(({ id }) => id)).toContain('k-curve');
});

for (const width of [1440, 375]) {
  test(`nothing jumps while a run fills the page and ends, at ${width}`, async ({ page }) => {
    await page.setViewportSize({ width, height: 900 });
    await page.addInitScript(() => {
      const found = ((globalThis as unknown as { shifts: number[] }).shifts = [] as number[]);
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries() as (PerformanceEntry & { value: number; hadRecentInput: boolean })[])
          if (!entry.hadRecentInput) found.push(entry.value);
      }).observe({ type: 'layout-shift', buffered: true });
    });
    await page.goto('./?store=off');
    await trySample(page);
    await page.waitForTimeout(1500);
    const all = await page.evaluate(() => (globalThis as unknown as { shifts: number[] }).shifts);
    const sum = all.reduce((a, b) => a + b, 0);
    test.info().annotations.push({ type: 'measured', description: `layout shift ${sum.toFixed(3)} in ${all.length}` });
    expect(sum).toBeLessThanOrEqual(0.05);
  });
}

interface Drawn {
  id: string;
  inSight: boolean;
  running: boolean;
}

function number(text: string | undefined): number {
  return Number(text ?? NaN);
}
