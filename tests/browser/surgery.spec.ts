/** Surgery, as a person does it: a dial by keys and by mouse, controls beside the edit, a matrix left out, files that say the same when they come back. */
import { mkdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test, type Download, type Page, type TestInfo } from '@playwright/test';
import { chooseFiles, drop, number, open, planned, reaches, summary, troubles, trySample } from './support';
import { noise, put, safetensors, type Tensor } from './tensors';

const BASE = fileURLToPath(new URL('../../www/public/sample/all-MiniLM-L6-v2', import.meta.url));
const MODEL = 'LoRA r = 1';

/** Headless Chromium has a chooser of folders that nobody can answer. */
const withoutFolders = (page: Page) =>
  page.addInitScript(() => {
    Object.defineProperty(window, 'showDirectoryPicker', { value: undefined });
  });

/** Opens surgery and waits for its first table. */
async function openSurgery(page: Page): Promise<void> {
  await page.getByTestId('surgery-open').click();
  await settled(page, '0.75');
}

/** The table is of this lambda, and nothing is on its way. */
async function settled(page: Page, lambda: string): Promise<void> {
  await expect(page.getByTestId('arms')).toHaveAttribute('data-lambda', lambda, { timeout: 30_000 });
  await expect(page.getByTestId('surgery-said').locator('.faint')).toHaveCount(0, { timeout: 30_000 });
}

/** What the table says of every arm: the count after the edit, and the norm beside that of the model as trained. */
async function arms(page: Page): Promise<Map<string, { intruders: number; ratio: number }>> {
  const said = new Map<string, { intruders: number; ratio: number }>();
  for (const row of await page.getByTestId('arm').all()) {
    const cell = async (title: string) => (await row.locator(`td[data-l="${title}"] span`).innerText()).split(' ')[0]!;
    said.set((await row.getAttribute('data-arm'))!, {
      intruders: number(await cell('Intruders after')),
      ratio: number(await cell('‖ΔW‖ of as trained')),
    });
  }
  return said;
}

/** Presses the button and gathers what the browser downloads, up to the README. */
async function saved(page: Page, info: TestInfo, folder: string): Promise<string[]> {
  const paths: string[] = [];
  const writing: Promise<void>[] = [];
  await mkdir(info.outputPath(folder), { recursive: true });
  const take = (download: Download) => {
    const path = info.outputPath(folder, download.suggestedFilename());
    paths.push(path);
    writing.push(download.saveAs(path));
  };
  page.on('download', take);
  await page.getByTestId('save-edited').click();
  await expect(page.getByTestId('saved')).toHaveText(/files in your downloads\.$/, { timeout: 30_000 });
  await expect.poll(() => paths.some((path) => path.endsWith('README.md'))).toBe(true);
  await Promise.all(writing);
  page.off('download', take);
  return paths;
}

test('intruders are scaled beside their controls, and the saved adapter says the same', async ({
  page,
  context,
}, info) => {
  test.setTimeout(120_000);
  const wrong = await troubles(page);
  await withoutFolders(page);
  await open(page);
  await trySample(page);
  await openSurgery(page);
  await expect(page.getByTestId('surgery-model').locator('option:checked')).toHaveText(MODEL);
  const trained = (await summary(page, MODEL)).intruders;
  expect(trained).toBeGreaterThan(0);
  const below = () => page.getByTestId('over-lambda').evaluate((part) => part.getBoundingClientRect().top + scrollY);
  const place = await below();

  // By keys: one step, then to the end.
  const dial = page.getByTestId('lambda-slider');
  await dial.focus();
  await page.keyboard.press('ArrowLeft');
  await settled(page, '0.7');
  await page.keyboard.press('Home');
  await settled(page, '0');
  const gone = await arms(page);
  expect(gone.get('trained')).toEqual({ intruders: trained, ratio: 1 });
  expect(gone.get('scaled')!.intruders).not.toBe(trained);
  // What the edit takes of the norm its controls take too, and one takes nothing.
  for (const arm of ['shrunk', 'random']) expect(gone.get(arm)!.ratio).toBeCloseTo(gone.get('scaled')!.ratio, 3);
  expect(gone.get('restored')!.ratio).toBe(1);
  expect(await below()).toBe(place);

  // By mouse: the middle of the dial changes nothing.
  const box = (await dial.boundingBox())!;
  await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
  await settled(page, '1');
  const same = await arms(page);
  for (const arm of ['scaled', 'shrunk', 'restored', 'random']) expect(same.get(arm)).toEqual(same.get('trained'));
  expect(same.get('projected')!.ratio).toBeLessThan(1);

  // Over lambda, as a figure with a table; it says what the dial said.
  await page.getByTestId('over').click();
  const figure = page.locator('[data-testid=figure][data-figure=surgery]');
  await expect(figure.locator('canvas')).toHaveAttribute('aria-label', /.{20}/, { timeout: 40_000 });
  await figure.getByRole('button', { name: 'Save or share' }).click();
  await page.getByTestId('toggle-table').click();
  await expect(figure.locator('.data tbody tr').first()).toBeVisible();
  const heads = await figure.locator('.data thead th').allInnerTexts();
  const first = figure.locator('.data tbody tr').filter({ has: page.locator('td:first-child', { hasText: 'scaled' }) });
  const cell = (head: RegExp) =>
    first
      .first()
      .locator('td')
      .nth(heads.findIndex((text) => head.test(text)));
  await expect(cell(/^(λ|lambda)/i)).toHaveText('0');
  await expect(cell(/^intruders/i)).toHaveText(String(gone.get('scaled')!.intruders));

  // One matrix is left out, in another a vector is taken in by hand.
  const said = page.getByTestId('surgery-said');
  const count = async () =>
    number((await said.innerText()).split(' ').find((word) => /^\d/.test(word) && word !== '1:')!);
  await page.getByTestId('lambda-exact').fill('0.5');
  await page.getByTestId('lambda-exact').press('Enter');
  await settled(page, '0.5');
  const all = await count();
  const rows = page.getByTestId('edit');
  await rows.nth(0).getByRole('checkbox').click();
  await expect(rows.nth(0)).toContainText('left out');
  await expect.poll(count).toBe(all - 1);
  await rows.nth(1).getByTestId('choose').click();
  await page.getByTestId('vector').locator('input:not(:checked)').first().check();
  await expect(rows.nth(1)).toContainText('by hand');
  await expect.poll(count).toBe(all);
  await expect(page.getByTestId('over-stale')).toBeVisible();

  // The files, and the same counts from them.
  const after = (await arms(page)).get('scaled')!.intruders;
  const paths = await saved(page, info, 'edited');
  expect(paths.map((path) => basename(path)).sort()).toEqual([
    'README.md',
    'adapter_config.json',
    'adapter_model.safetensors',
  ]);
  const readme = await readFile(paths.find((path) => path.endsWith('.md'))!, 'utf8');
  expect(readme).toMatch(/scaled at λ = 0\.5/);
  expect(readme.match(/adapter_model\.safetensors \| [0-9a-f]{64}/)).not.toBeNull();

  // The report holds the figure without its files.
  const report = page.waitForEvent('download');
  await page.getByTestId('export-json').click();
  const json = info.outputPath('report.json');
  await (await report).saveAs(json);
  expect(wrong).toEqual([]);
  await page.close();

  const again = await context.newPage();
  await open(again);
  await drop(again, [BASE]);
  await planned(again, 1);
  await drop(again, [dirname(paths[0]!)]);
  await expect(again.getByTestId('plan-row')).toHaveCount(1);
  await again.getByTestId('analyze').click();
  await reaches(again, 'done');
  const label = (await again.getByTestId('model-row').getAttribute('data-label'))!;
  expect((await summary(again, label)).intruders).toBe(after);

  await chooseFiles(again, json);
  await expect(again.getByTestId('surgery-stored')).toContainText('stored with the report');
  await expect(again.locator('[data-figure=surgery] canvas')).toHaveAttribute('aria-label', /.{20}/);
  await expect(again.getByTestId('lambda-slider')).toHaveCount(0);
});

test('a change that is stored whole is saved as matrices into a new folder, and a script computes the arm again', async ({
  page,
  context,
}) => {
  test.setTimeout(90_000);
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.addInitScript(() => {
    Object.defineProperty(window, 'showDirectoryPicker', { value: () => navigator.storage.getDirectory() });
  });
  await open(page);
  await trySample(page);
  await page.getByTestId('surgery-open').click();
  await page.getByTestId('surgery-model').selectOption({ label: 'Full' });
  await settled(page, '0.75');
  await expect(page.getByTestId('rank-choice')).toHaveCount(0);
  // It has no intruder of its own: nothing to save, until a vector is chosen.
  if ((await summary(page, 'Full')).intruders === 0) {
    await expect(page.getByTestId('save-edited')).toBeDisabled();
    await page.getByTestId('all-edits').click();
    await page.getByTestId('choose').first().click();
    await page.getByTestId('vector').locator('input').first().check();
    // One matrix under every arm: as trained it is what its own page shows.
    await page.getByTestId('beside').click();
    const drawn = page.getByTestId('beside-figure').locator('canvas');
    await expect(drawn).toHaveCount(2, { timeout: 20_000 });
    await drawn.first().scrollIntoViewIfNeeded();
    await expect(drawn.first()).toHaveAttribute('aria-label', /scaled/);
    await page.getByTestId('beside-arm').selectOption({ label: 'projected' });
    await expect(drawn.first()).toHaveAttribute('aria-label', /projected/);
  }
  await expect(page.getByTestId('save-edited')).toBeEnabled();
  const names = () =>
    page.evaluate(async () => {
      const all: string[] = [];
      for await (const [folder, handle] of (await navigator.storage.getDirectory()).entries())
        if (handle instanceof FileSystemDirectoryHandle)
          for await (const name of handle.keys()) all.push(`${folder}/${name}`);
      return all.filter((name) => /scaled/.test(name)).sort();
    });
  for (const folders of [1, 2]) {
    await page.getByTestId('save-edited').click();
    await expect(page.getByTestId('saved')).toHaveText(/2 files in the new folder/, { timeout: 30_000 });
    // What was saved before stays.
    expect(await names()).toHaveLength(2 * folders);
    await page.getByTestId('arm-choice').selectOption('scaled');
  }
  expect((await names()).map((path) => basename(path))).toContain('edited-00001.safetensors');
  expect((await names()).map((path) => join(path)).filter((path) => path.endsWith('README.md'))).toHaveLength(2);

  await page.getByTestId('copy-arm').getByRole('button').click();
  const script = await page.evaluate(() => navigator.clipboard.readText());
  expect(script).toContain('K, EPSILON, LAMBDA, SEED = 10, 0.5, 0.75, 0');
  expect(script).toContain('torch.linalg.svd');
});

/** A network of 32 layers with 7 small matrices each, one of them too large for all of its vectors, and a LoRA with two new directions in each. */
function network(folder: string): number {
  const modules = Array.from({ length: 32 }, (_, layer) =>
    ['self_attn.q', 'self_attn.k', 'self_attn.v', 'self_attn.o', 'mlp.gate', 'mlp.up', 'mlp.down'].map(
      (kind) => `model.layers.${layer}.${kind}_proj`,
    ),
  ).flat();
  const shapes = modules.map((_, at): [number, number] => (at === 6 ? [1100, 1030] : [48, 40]));
  put(
    join(folder, 'base/model.safetensors'),
    safetensors(
      modules.map((module, at): Tensor => {
        const [rows, cols] = shapes[at]!;
        return [`${module}.weight`, [rows, cols], noise(rows * cols, at)];
      }),
    ),
  );
  put(
    join(folder, 'lora/adapter_model.safetensors'),
    safetensors(
      modules.flatMap((module, at): Tensor[] => {
        const [rows, cols] = shapes[at]!;
        return [
          [`base_model.model.${module}.lora_A.weight`, [2, cols], noise(2 * cols, 1000 + at)],
          [`base_model.model.${module}.lora_B.weight`, [rows, 2], noise(2 * rows, 2000 + at)],
        ];
      }),
    ),
  );
  put(join(folder, 'lora/adapter_config.json'), JSON.stringify({ peft_type: 'LORA', r: 2, lora_alpha: 4 }));
  return modules.length;
}

test('a network of 224 matrices, one of them large, is edited and comes back with its counts', async ({
  page,
  context,
}, info) => {
  test.setTimeout(240_000);
  await withoutFolders(page);
  const folder = info.outputPath('files');
  const all = network(folder);
  await open(page, { build: 'threads', address: './?store=off' });
  await drop(page, [folder]);
  await planned(page, 3);
  await page.getByTestId('analyze').click();
  await reaches(page, 'done', 120_000);
  await page.getByTestId('surgery-open').click();
  await expect(page.getByTestId('arms')).toHaveAttribute('data-lambda', '0.75', { timeout: 90_000 });
  await settled(page, '0.75');
  const trained = (await arms(page)).get('trained')!.intruders;
  expect(trained).toBeGreaterThan(all);
  const start = Date.now();
  await page.getByTestId('lambda-exact').fill('0.2');
  await page.getByTestId('lambda-exact').press('Enter');
  await settled(page, '0.2');
  console.log(`surgery of ${all} matrices: ${Date.now() - start} ms for another lambda`);
  const after = (await arms(page)).get('scaled')!;
  expect(after.intruders).toBeLessThan(trained);
  expect((await arms(page)).get('random')!.ratio).toBeCloseTo(after.ratio, 3);
  const paths = await saved(page, info, 'edited');
  await page.close();

  const again = await context.newPage();
  await open(again, { build: 'threads', address: './?store=off' });
  await drop(again, [join(folder, 'base')]);
  await planned(again, 1);
  await drop(again, [dirname(paths[0]!)]);
  await expect(again.getByTestId('plan-row')).toHaveCount(1);
  await again.getByTestId('analyze').click();
  await reaches(again, 'done', 120_000);
  const label = (await again.getByTestId('model-row').getAttribute('data-label'))!;
  expect((await summary(again, label)).intruders).toBe(after.intruders);
});
