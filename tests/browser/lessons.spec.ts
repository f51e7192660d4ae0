/** The lessons as a reader and a teacher use them: dials, dragging, a prediction, a training, links, embeds. */
import { copyFileSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect, test, type Page } from '@playwright/test';
import { unzipSync } from 'fflate';
import { inBuild, inFull, violations } from './breadth';
import { plainHost } from './plain-host';
import { BUILDS, reaches, troubles } from './support';

const root = fileURLToPath(new URL('../../', import.meta.url));
const IDS = ['how-alone', 'making-an-intruder', 'why-a-product', 'the-first-step', 'train-it-here'] as const;

type Facts = Record<string, number | undefined>;
const facts = (page: Page): Promise<Facts> =>
  page.evaluate(() => document.querySelector<HTMLElement & { facts: Facts }>('lorascope-lesson-view')?.facts ?? {});

async function lesson(page: Page, id: string, rest = '', address = './'): Promise<void> {
  await page.goto(`${address}#v=1&lesson=${id}${rest}`);
  await expect(page.getByTestId('lesson')).toHaveAttribute('data-lesson', id);
  await expect.poll(async () => Object.keys(await facts(page)).length, { timeout: 30_000 }).toBeGreaterThan(3);
}

const dial = (page: Page, id: string) => page.getByTestId(`dial-${id}`);
const words = (page: Page) => page.locator('.lesson-after').innerText();
const canvas = (page: Page, slot: string) => page.locator(`[data-slot=${slot}] canvas`);

async function trained(page: Page): Promise<void> {
  await page.getByTestId('play').click();
  await expect(page.getByTestId('run-status')).toHaveText('Done.', { timeout: 60_000 });
}

test('from the head of the site to each lesson and on to the next, by keys and by mouse', async ({ page }) => {
  const wrong = await troubles(page);
  await page.goto('./');
  await page.getByTestId('to-lessons').focus();
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('lesson-link')).toHaveCount(IDS.length);
  await page.getByTestId('lesson-link').first().click();
  for (const [at, id] of IDS.entries()) {
    await expect(page.getByTestId('lesson')).toHaveAttribute('data-lesson', id);
    await expect(page.locator('.crumb')).toContainText(`${at + 1} of ${IDS.length}`);
    await expect(page.locator('lorascope-lesson-view canvas').first()).toHaveAttribute('aria-label', /.{12}/);
    if (at + 1 < IDS.length) await page.locator('.next a').last().click();
  }
  await page.goBack();
  await expect(page.getByTestId('lesson')).toHaveAttribute('data-lesson', IDS[3]);
  await page.locator('.site nav a').first().click();
  await expect(page.getByTestId('try-sample')).toBeVisible();
  expect(wrong).toEqual([]);
});

test('a lesson says what it has to in under 350 words', async ({ page }) => {
  for (const id of IDS) {
    await lesson(page, id);
    const text = await page.locator('.lesson-top, .predict, .lesson-after').allInnerTexts();
    const count = text
      .join(' ')
      .split(/\s+/)
      .filter((word) => /\w/.test(word)).length;
    expect(count, id).toBeGreaterThan(60);
    expect(count, id).toBeLessThan(350);
  }
});

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme });

    test('axe finds nothing in any lesson', async ({ page }) => {
      test.setTimeout(120_000);
      await page.goto('./#lesson');
      await expect(page.getByTestId('lesson-link').first()).toBeVisible();
      for (const id of ['', ...IDS]) {
        if (id) {
          await lesson(page, id);
          await page.getByTestId('more-dials').click();
          await page.getByTestId('teachers').locator('summary').click();
          await page.getByTestId('option').first().check();
        }
        expect(
          (await violations(page, colorScheme)).map(
            (v) =>
              `${id}: ${v.id}: ${v.nodes
                .map((n) => n.target.join(' '))
                .slice(0, 3)
                .join(' | ')}`,
          ),
        ).toEqual([]);
      }
    });
  });
}

test('nothing is wider than a phone', async ({ page }) => {
  await page.setViewportSize({ width: 375, height: 740 });
  for (const id of IDS) {
    await lesson(page, id);
    await page.getByTestId('more-dials').click();
    expect(await page.evaluate(() => document.documentElement.scrollWidth), id).toBeLessThanOrEqual(375);
  }
});

test('dials and figures fit a projector', async ({ page }) => {
  await page.setViewportSize({ width: 1280, height: 720 });
  for (const id of IDS.slice(0, 4)) {
    await lesson(page, id, '&hide=header,words,question,teachers');
    const end = await page.locator('.lesson-figures').evaluate((e) => e.getBoundingClientRect().bottom);
    expect(end, id).toBeLessThanOrEqual(720);
  }
});

test('before a class: question, dial and figures in one view, turned by the arrows, and the answer only when it was asked for', async ({
  page,
}) => {
  await page.setViewportSize({ width: 1280, height: 720 });
  await lesson(page, 'making-an-intruder');
  await expect(canvas(page, 'best-match')).toHaveCount(0);
  await page.getByTestId('present').click();
  await expect(page.locator('.site')).toHaveCount(0);
  await expect(page.locator('.lesson-after, .teachers, .next')).toHaveCount(0);
  const before = Number(await dial(page, 'lambda').inputValue());
  for (const key of ['ArrowRight', 'ArrowRight', 'ArrowLeft', 'Shift+ArrowRight']) await page.keyboard.press(key);
  await expect(dial(page, 'lambda')).toHaveValue(String(Number((before + 0.11).toFixed(2))));
  await page.getByTestId('option').nth(1).check();
  await expect(canvas(page, 'best-match')).toHaveAttribute('aria-label', /.{12}/);
  await expect(page.getByTestId('answer')).toContainText(/You said/);
  const end = await page.locator('.lesson-figures').evaluate((e) => e.getBoundingClientRect().bottom);
  expect(end).toBeLessThanOrEqual(720);
  await page.keyboard.press('Escape');
  await expect(page.locator('.site')).toHaveCount(1);
});

test('a vector is turned by hand and by keys, and its cosines follow', async ({ page }) => {
  await lesson(page, 'how-alone', '&n=2');
  const plane = canvas(page, 'arrows');
  await plane.scrollIntoViewIfNeeded();
  const box = (await plane.boundingBox())!;
  const middle = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  await page.mouse.move(middle.x + 80, middle.y - 10);
  await page.mouse.down();
  await page.mouse.move(middle.x + 70, middle.y - 70, { steps: 6 });
  await page.mouse.up();
  await expect.poll(async () => Math.abs(Number(await dial(page, 'angle').inputValue()) - 45)).toBeLessThan(1);
  // Half-way between two axes: as alone as a vector of the plane can be.
  await expect.poll(async () => (await facts(page))['best']).toBeCloseTo(Math.SQRT1_2, 2);
  await expect(page.locator('[data-slot=bars] canvas')).toHaveAttribute('aria-label', /0\.7/);
  await plane.focus();
  const before = Number(await dial(page, 'angle').inputValue());
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  await expect.poll(async () => Number(await dial(page, 'angle').inputValue())).not.toBe(before);

  await dial(page, 'n').fill('8');
  await expect(page.locator('[data-slot=arrows]')).toHaveCount(0);
  await dial(page, 'alone').fill('1');
  await expect
    .poll(async () => {
      const f = await facts(page);
      return Math.abs(f['best']! - f['floor']!);
    })
    .toBeLessThan(1e-6);
  await page.getByTestId('more-dials').click();
  await dial(page, 'signed').check();
  await dial(page, 'flip').check();
  await expect(page.locator('.lesson-after')).toContainText('With its sign');
});

for (const build of BUILDS) {
  inBuild(build)(`the count climbs, dips at the crossing and comes back, ${build.build}`, async ({ page }) => {
    await lesson(page, 'making-an-intruder', '', build.address);
    const seen = new Map<number, number>();
    for (const lambda of [0.5, 0.9, 1, 1.1, 1.5]) {
      await dial(page, 'lambda').fill(String(lambda));
      await expect.poll(async () => (await facts(page))['lambda']).toBe(lambda);
      seen.set(lambda, (await facts(page))['count']!);
    }
    expect(seen.get(1)).toBeLessThan(seen.get(0.9)!);
    expect(seen.get(1.5)).toBe(1);
    expect(await words(page)).toContain('1.50 σ₁');
    // The prediction is answered by the sweep, whatever was said.
    await page.getByTestId('option').nth(2).check();
    await expect.poll(async () => (await facts(page))['countAtOne'], { timeout: 30_000 }).toBeDefined();
    await expect(page.getByTestId('answer')).toContainText('You said two.');
    const right = ['None', 'One', 'Two'][(await facts(page))['countAtOne']!]!;
    await expect(page.getByTestId('answer').locator('b')).toHaveText(`${right}.`);
    // The strip under the curves says the same as the words.
    await expect(canvas(page, 'best-match')).toHaveAttribute('aria-label', /.{20}/);
    await page.locator('[data-slot=best-match]').getByTestId('figure-menu').click();
    await page.getByTestId('toggle-table').click();
    await expect(page.locator('[data-slot=best-match] tbody tr').first()).toBeVisible();
  });
}

test('every dial of every lesson changes what is shown', async ({ page }) => {
  test.setTimeout(180_000);
  const drawn = () =>
    page.evaluate(() =>
      [...document.querySelectorAll('lorascope-lesson-view canvas')]
        .map((c) => (c as HTMLCanvasElement).toDataURL())
        .join(),
    );
  for (const [id, rest] of [
    ['how-alone', '&n=3'],
    ['how-alone', '&n=16'],
    ['making-an-intruder', '&lambda=0.9'],
    ['making-an-intruder', '&making=turned'],
    ['why-a-product', ''],
    ['the-first-step', ''],
  ] as const) {
    await lesson(page, id, rest);
    await expect
      .poll(
        () =>
          page.evaluate(() => document.querySelector<HTMLElement & { done: number }>('lorascope-lesson-view')!.done),
        { timeout: 60_000 },
      )
      .toBe(1);
    // Where a figure answers the question it is kept back until asked for.
    const reveal = page.getByTestId('reveal');
    if (await reveal.count()) await reveal.click();
    const more = page.getByTestId('more-dials');
    if ((await more.getAttribute('aria-expanded')) === 'false') await more.click();
    await expect.poll(() => page.locator('.lesson-dials [data-testid^=dial-]').count()).toBeGreaterThan(3);
    const dials = await page
      .locator('.lesson-dials [data-testid^=dial-]')
      .evaluateAll((all) => all.map((e) => (e as HTMLElement).dataset['testid']!));
    for (const testid of dials) {
      const before = await drawn();
      const control = page.getByTestId(testid);
      const value = await control.inputValue();
      const selected = await control.evaluate((e) => (e instanceof HTMLSelectElement ? e.selectedIndex : -1));
      const kind = await control.evaluate((e) => (e instanceof HTMLInputElement ? e.type : 'select'));
      if (kind === 'checkbox') await control.click();
      else if (kind === 'select') await control.selectOption({ index: selected === 1 ? 0 : 1 });
      else if (kind === 'number') await control.fill('7').then(() => control.press('Tab'));
      else
        await control
          .focus()
          .then(async () => page.keyboard.press((await control.getAttribute('max')) === value ? 'Home' : 'End'));
      await expect.poll(drawn, { message: `${id}: ${testid}`, timeout: 20_000 }).not.toBe(before);
      if (kind === 'range') await control.fill(value);
      else if (kind === 'checkbox') await control.click();
      else if (kind === 'select') await control.selectOption({ index: selected });
    }
  }
});

for (const build of BUILDS) {
  inBuild(build)(
    `a training: pause, step, reset, to the end; the same link gives the same numbers, ${build.build}`,
    async ({ page }) => {
      test.setTimeout(180_000);
      await lesson(page, 'train-it-here', '', build.address);
      await page.getByTestId('option').nth(1).check();
      await expect(page.getByTestId('answer')).toContainText('still being computed');
      await page.getByTestId('play').click();
      await expect.poll(async () => (await facts(page))['step'] ?? 0, { timeout: 30_000 }).toBeGreaterThan(10);
      await page.getByTestId('play').click();
      await expect(page.getByTestId('run-status')).toHaveText('Paused.');
      await page.waitForTimeout(400);
      const at = (await facts(page))['step']!;
      await page.getByTestId('step').click();
      await expect.poll(async () => (await facts(page))['step']).toBe(at + 10);
      await expect(page.getByTestId('run-status')).toHaveText('Paused.');
      await page.getByTestId('reset').click();
      await expect.poll(async () => (await facts(page))['step']).toBe(0);
      await trained(page);
      const first = await facts(page);
      expect(first['loraCount']).toBeGreaterThan(first['fullCount']!);
      expect(first['loraReached']).toBe(1);
      expect(first['fullRank']).toBeGreaterThan(5 * first['loraRank']!);
      await expect(page.getByTestId('answer')).toContainText('You said so.');
      expect(await words(page)).toContain(`${first['loraCount']} intruders`);
      await expect(canvas(page, 'evolution')).toBeVisible();
      await expect(canvas(page, 'similarity-lora')).toHaveAttribute('aria-label', /^Similarity of.*LoRA/);

      // Other dials of the look compute nothing again; other dials of the training begin anew from the same network.
      await page.getByTestId('more-dials').click();
      await dial(page, 'shrink').fill('0.5');
      await expect.poll(async () => (await facts(page))['shrunkForgetting']).toBeLessThan(first['loraForgetting']!);
      await dial(page, 'rank').fill('2');
      await expect.poll(async () => (await facts(page))['step']).toBe(0);

      const again = await page.context().newPage();
      await again.goto(`${build.address}#v=1&lesson=train-it-here&step=50`);
      await expect.poll(async () => (await facts(again))['step'] ?? 0, { timeout: 60_000 }).toBe(50);
      await expect(again.getByTestId('run-status')).toHaveText('Paused.');
      const fifty = await facts(again);
      await again.reload();
      await expect.poll(async () => (await facts(again))['step'] ?? 0, { timeout: 60_000 }).toBe(50);
      expect(await facts(again)).toEqual(fifty);
    },
  );
}

test('a sweep over the ranks, stopped on its way', async ({ page }) => {
  test.setTimeout(120_000);
  await lesson(page, 'train-it-here', '&sweep=true&loraRate=3&fullRate=10');
  await page.getByTestId('play').click();
  await expect.poll(async () => (await facts(page))['runs'] ?? 0, { timeout: 60_000 }).toBeGreaterThan(1);
  await page.getByTestId('play').click();
  await expect(canvas(page, 'sweep-count')).toHaveAttribute('aria-label', /r = 1/);
  expect(await page.locator('.lesson-top').innerText()).toMatch(/falls below 1\.00, or after 800 steps/);
  await expect(page.locator('.predict')).toContainText('Over the ranks');
  await expect(page.getByTestId('run-status')).toHaveText('Paused.');
});

inFull('tasks one after the other: what is known of the first, with its own head and a new one', async ({ page }) => {
  test.setTimeout(120_000);
  await lesson(page, 'train-it-here', '&tasks=2&rank=8&fullRate=10&target=1.5');
  await trained(page);
  const known = await facts(page);
  expect(known['tasks']).toBe(2);
  for (const slot of ['sequence', 'sequence-fresh', 'sequence-count', 'sequence-forgetting'])
    await expect(canvas(page, slot)).toHaveAttribute('aria-label', /after 2 tasks: Full/);
  expect(await words(page)).toContain(`${(100 * known['loraTask2Fresh']!).toFixed(1)} % with one fitted anew`);
});

test('checkpoints made here open in the analyzer, and count the same', async ({ page }) => {
  test.setTimeout(180_000);
  await lesson(page, 'train-it-here', '&rank=4');
  await trained(page);
  const here = await facts(page);
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByTestId('save-checkpoints').click()]);
  const files = unzipSync(readFileSync((await download.path())!));
  expect(Object.keys(files)).toEqual(
    expect.arrayContaining([
      'base/model.safetensors',
      `full/checkpoint-${here['fullSteps']}/model.safetensors`,
      `lora/checkpoint-${here['loraSteps']}/adapter_config.json`,
    ]),
  );
  await page.getByTestId('analyze-checkpoints').click();
  await expect(page.getByTestId('plan')).toBeVisible();
  await page.getByTestId('analyze').click();
  await reaches(page, 'done');
  const rows = page.getByTestId('model-row');
  const count = async (label: RegExp) =>
    Number(await rows.filter({ hasText: label }).locator('td[data-l^="Intruders of"] span').last().innerText());
  expect(await count(new RegExp(`Full, step ${here['fullSteps']}`))).toBe(here['fullCount']);
  expect(await count(new RegExp(`LoRA r = 4, step ${here['loraSteps']}`))).toBe(here['loraCount']);
});

test('a teacher leaves out what the class should not see', async ({ page, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await lesson(page, 'making-an-intruder', '&lambda=0.9');
  await page.getByTestId('teachers').locator('summary').click();
  await page.getByTestId('hide-words').check();
  await page.getByTestId('hide-lambda').check();
  await page.getByTestId('copy-class-link').getByRole('button').click();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  expect(link).toContain('lambda=0.9');
  const pupil = await context.newPage();
  await pupil.goto(link);
  await expect(pupil.getByTestId('option').first()).toBeVisible();
  await expect(dial(pupil, 'making')).toBeVisible();
  await expect(dial(pupil, 'lambda')).toHaveCount(0);
  await expect(pupil.locator('.lesson-after')).toHaveCount(0);
  await expect(pupil.getByTestId('teachers')).toHaveCount(0);
  await expect.poll(async () => (await facts(pupil))['lambda']).toBe(0.9);
});

test('what a link asks for in vain is the default', async ({ page }) => {
  const wrong = await troubles(page);
  await lesson(page, 'making-an-intruder', '&lambda=1e99&k=nine&spectrum=%3Cscript%3E&seed=-4&epsilon=NaN');
  const found = await facts(page);
  expect([found['lambda'], found['k'], found['epsilon']]).toEqual([2, 10, 0.5]);
  await page.goto('./#lesson=none');
  await expect(page.getByTestId('lesson-link').first()).toBeVisible();
  expect(wrong).toEqual([]);
});

test('a lesson in another page, without isolation, by attributes', async ({ page }) => {
  test.setTimeout(120_000);
  const folder = mkdtempSync(join(tmpdir(), 'lorascope-lesson-'));
  for (const name of ['lorascope-figure.js', 'lorascope-lessons.js'])
    copyFileSync(join(root, 'dist', name), join(folder, name));
  writeFileSync(
    join(folder, 'index.html'),
    `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><title>A blog</title>
    <script type="module" src="lorascope-figure.js"></script>
    <lorascope-figure lesson="making-an-intruder" lambda="1.1" hide="menu">Here is a lesson.</lorascope-figure>
    <lorascope-figure lesson="train-it-here" step="20"></lorascope-figure>`,
  );
  const host = await plainHost({ '/': folder });
  const wrong = await troubles(page);
  await page.goto(`${host.url}/`);
  const first = page.locator('lorascope-figure').first();
  await expect(first.locator('[data-slot=similarity] canvas')).toHaveAttribute('aria-label', /^Similarity of/, {
    timeout: 60_000,
  });
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(false);
  await expect(first.locator('#dial-lambda')).toHaveValue('1.1');
  await expect(first.getByTestId('figure-menu')).toHaveCount(0);
  await first.locator('#dial-lambda').fill('0.3');
  await expect(first.locator('output').first()).toHaveText('0.30 σ₁');
  await first.evaluate((e) => e.setAttribute('lambda', '1.7'));
  await expect(first.locator('#dial-lambda')).toHaveValue('1.7');
  const second = page.locator('lorascope-figure').last();
  await second.scrollIntoViewIfNeeded();
  await expect(second.getByTestId('run-status')).toHaveText('Paused.', { timeout: 60_000 });
  expect(wrong).toEqual([]);
  await host.close();
});

test('a lesson in one file works from the disk without a network', async ({ page, browser }) => {
  test.setTimeout(120_000);
  await lesson(page, 'making-an-intruder', '&lambda=1.2');
  await page.getByTestId('reveal').click();
  await page.locator('[data-slot=best-match]').getByTestId('figure-menu').click();
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByTestId('export-html').click()]);
  const folder = mkdtempSync(join(tmpdir(), 'lorascope-lesson-'));
  const path = join(folder, download.suggestedFilename());
  await download.saveAs(path);
  const offline = await browser.newContext({ offline: true });
  const alone = await offline.newPage();
  const wrong = await troubles(alone);
  await alone.goto(pathToFileURL(path).href);
  await expect(alone.locator('#dial-lambda')).toHaveValue('1.2', { timeout: 60_000 });
  await expect(alone.locator('[data-slot=similarity] canvas')).toHaveAttribute('aria-label', /^Similarity of/, {
    timeout: 60_000,
  });
  expect(wrong).toEqual([]);
  await offline.close();
  const quiet = await browser.newContext({ javaScriptEnabled: false });
  const still = await quiet.newPage();
  await still.goto(pathToFileURL(path).href);
  await expect(still.locator('lorascope-lesson > svg')).toBeVisible();
  await quiet.close();
});
