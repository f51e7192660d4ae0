/** An engine that stops, or takes its time, while it reads the files: the one it stopped over is named, the others are planned. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test, type Page } from '@playwright/test';
import { analyze, chooseFiles, chooseFolder, drop, fixture, open, planned, reaches } from './support';

const sample = (name: string) => fileURLToPath(new URL(`../../www/public/sample/${name}`, import.meta.url));

/** Ends the worker without a word when it is told to open `culprit`, and lets no file called `silent` reach it, nor a new answer while `held`. */
async function haunt(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const Native = Worker;
    type Told = { path: string; stopped: boolean };
    Object.assign(globalThis, {
      Worker: class extends Native {
        override postMessage(message: unknown, transfer?: unknown): void {
          const list = (message as { argumentList?: { value?: unknown }[] }).argumentList ?? [];
          const told = (list[0]?.value ?? []) as Told[];
          const files = Array.isArray(told) ? told : [];
          const has = (word: string) => files.some(({ path, stopped }) => path.includes(word) && !stopped);
          const isAnswer = (message as { path?: string[] }).path?.[0] === 'plan';
          if (has('silent') || (isAnswer && 'held' in globalThis)) return;
          super.postMessage(message, transfer as Transferable[]);
          if (has('culprit')) this.terminate();
        }
      },
    });
  });
}

const named = (name: string) => ({
  name,
  mimeType: 'application/octet-stream',
  buffer: readFileSync(sample('lora-r1/adapter_model.safetensors')),
});

test('a file that stops the engine is named, and the others are planned and analysed', async ({ page }) => {
  await haunt(page);
  await open(page, { build: 'threads', address: './?store=off' });
  await chooseFolder(page, sample('all-MiniLM-L6-v2'));
  await planned(page, 1);
  await chooseFiles(page, named('culprit.safetensors'));
  await planned(page, 2);
  const said = page.locator('[data-testid=error][data-code=stopped-engine]');
  await expect(said).toHaveCount(1);
  await expect(said).toContainText('culprit.safetensors');
  await chooseFolder(page, sample('full'));
  await planned(page, 3);
  await expect(said).toHaveCount(1);
  await analyze(page);
  await reaches(page, 'done');
  await expect(page.getByTestId('model-row')).toHaveCount(1);
});

test('a drop is taken back while it is read, and what was there before stays', async ({ page }) => {
  await haunt(page);
  await open(page, { build: 'threads', address: './?store=off' });
  await chooseFolder(page, sample('all-MiniLM-L6-v2'));
  await planned(page, 1);
  await chooseFiles(page, named('silent.safetensors'));
  await page.getByTestId('take-back').click();
  await planned(page, 1);
  await chooseFolder(page, sample('full'));
  await planned(page, 2);
  await analyze(page);
  await expect(page.getByTestId('model-row')).toHaveCount(1);
});

test('an answer is taken back while it is planned, and the run is of what the page shows', async ({ page }) => {
  await haunt(page);
  await open(page, { build: 'threads', address: './?store=off' });
  await drop(page, [fixture('zoo/llama_lora/base'), fixture('zoo/llama_lora/adapter')]);
  const button = page.getByTestId('analyze');
  await expect(button).toHaveText('Analyze 14 matrices');
  await page.evaluate(() => Object.assign(globalThis, { held: true }));
  await page.getByRole('checkbox', { name: 'MLP up' }).uncheck();
  await page.getByTestId('take-back').click();
  await expect(button).toHaveText('Analyze 14 matrices');
  await expect(page.getByRole('checkbox', { name: 'MLP up' })).toBeChecked();
  await analyze(page);
  await page.getByRole('button', { name: /^Show the other/ }).click();
  await expect(page.getByTestId('matrix-row')).toHaveCount(14);
});
