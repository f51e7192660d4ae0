/** Hundreds of fine-tunes of one base: the page draws what is in sight, and nothing of them is lost. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, type Page } from '@playwright/test';
import { drop, open, planned, reaches } from './support';
import { numbers, put, safetensors } from './tensors';

const MODELS = 300;
const SIDE = 8;
const MODULES = ['q_proj', 'v_proj'].map((name) => `model.layers.0.self_attn.${name}`);

function adapter(seed: number): Buffer {
  return safetensors(
    MODULES.flatMap((module, at): Parameters<typeof safetensors>[0] => [
      [`base_model.model.${module}.lora_A.weight`, [1, SIDE], numbers(SIDE, 2 * seed + at)],
      [`base_model.model.${module}.lora_B.weight`, [SIDE, 1], numbers(SIDE, 3 * seed + at)],
    ]),
  );
}

async function many(page: Page, folder: string): Promise<void> {
  put(
    join(folder, 'base/model.safetensors'),
    safetensors(MODULES.map((module, at) => [`${module}.weight`, [SIDE, SIDE], numbers(SIDE * SIDE, at)])),
  );
  for (let n = 0; n < MODELS; n++) {
    put(join(folder, `run-${n}/adapter_model.safetensors`), adapter(n + 1));
    put(
      join(folder, `run-${n}/adapter_config.json`),
      JSON.stringify({ peft_type: 'LORA', r: 1, lora_alpha: 1 + (n % 7) }),
    );
  }
  await open(page, { build: 'threads', address: './?store=off' });
  await drop(page, [folder]);
  await reaches(page, 'ready', 180_000);
  await planned(page, 1 + 2 * MODELS);
}

test('the tables begin with a few of three hundred fine-tunes, and hold all of them on demand, on paper and in files', async ({
  page,
}, info) => {
  test.setTimeout(300_000);
  await many(page, info.outputPath('files'));
  const others = page.getByTestId('all-models');
  await expect(page.getByTestId('plan-row')).toHaveCount(24);
  await expect(others).toHaveText('Show the other 276 fine-tunes');
  await page.getByTestId('analyze').click();
  await reaches(page, 'done', 180_000);
  const rows = page.getByTestId('model-row');
  await expect(rows).toHaveCount(24);
  const drawn = () => page.evaluate(() => document.querySelectorAll('main *, lorascope-page *').length);
  expect(await page.locator('.mats .sort').count()).toBeLessThan(60);
  expect(await drawn()).toBeLessThan(4000);

  // A column that is sorted by stands there, wherever its model is.
  await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
  await expect(rows).toHaveCount(MODELS);
  await page.evaluate(() => dispatchEvent(new Event('afterprint')));
  await expect(rows).toHaveCount(24);

  const [saved] = await Promise.all([page.waitForEvent('download'), page.getByTestId('export-json').first().click()]);
  const report = JSON.parse(readFileSync(await saved.path(), 'utf8')) as { models: { matrices: unknown[] }[] };
  expect(report.models.map(({ matrices }) => matrices.length)).toEqual(Array(MODELS).fill(MODULES.length));

  await others.first().focus();
  await page.keyboard.press('Enter');
  await expect(rows).toHaveCount(MODELS);
  await expect(others).toHaveCount(0);
  await expect(page.getByText('run-299', { exact: true }).first()).toBeAttached();
});

test('a step of a slider draws the figures in sight alone', async ({ page }, info) => {
  test.setTimeout(300_000);
  await page.addInitScript(() => {
    const { fillRect } = CanvasRenderingContext2D.prototype;
    const touched = new Set<HTMLCanvasElement>();
    Object.assign(globalThis, { touched });
    CanvasRenderingContext2D.prototype.fillRect = function (...box): void {
      touched.add(this.canvas);
      fillRect.apply(this, box);
    };
  });
  await many(page, info.outputPath('files'));
  await page.getByTestId('analyze').click();
  await reaches(page, 'done', 180_000);
  const seen = await page.evaluate(async () => {
    const { touched } = globalThis as unknown as { touched: Set<HTMLCanvasElement> };
    document.querySelector('#epsilon-curve')!.scrollIntoView();
    await new Promise((done) => setTimeout(done, 1000));
    touched.clear();
    const slider = document.querySelector<HTMLInputElement>('[data-testid=epsilon-slider]')!;
    slider.value = '0.7';
    slider.dispatchEvent(new Event('input', { bubbles: true }));
    // After the page's own frame, before any timer.
    await new Promise(requestAnimationFrame);
    const inSight = (canvas: Element) => {
      const { top, bottom } = canvas.getBoundingClientRect();
      return bottom > 0 && top < innerHeight;
    };
    return { drawn: touched.size, hidden: [...touched].filter((canvas) => !inSight(canvas)).length };
  });
  expect(seen.drawn).toBeGreaterThan(0);
  expect(seen.hidden).toBe(0);
});
