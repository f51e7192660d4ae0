/** Renamed models: the reader's names on the plan, in the summary, in files and in links. */
import { readFileSync } from 'node:fs';
import { expect, test, type Page } from '@playwright/test';
import type { Report } from '../../www/wasm/simd/lorascope';
import { analyze, chooseFolder, fixture, open, planned, reaches } from './support';

test.use({ permissions: ['clipboard-read', 'clipboard-write'] });

const name = (page: Page, label: string) => page.getByRole('button', { name: `${label}, rename` });
const field = (page: Page) => page.getByTestId('rename');

async function plan(page: Page): Promise<void> {
  await open(page, { build: 'threads', address: './?store=off' });
  for (const [at, folder] of ['base', 'lambda_1.5', 'lambda_0.5'].entries()) {
    await chooseFolder(page, fixture(`planted/${folder}`));
    await planned(page, at + 1);
  }
}

test('a name is changed by a double click, F2 or Enter, given up by Esc, and comes back when it is empty', async ({
  page,
}) => {
  await plan(page);
  await name(page, 'lambda_1.5').dblclick();
  await field(page).fill('  strong   one ');
  await field(page).press('Enter');
  await expect(name(page, 'strong one')).toBeFocused();
  // The engine's own names come again with every plan; the reader's stay.
  await chooseFolder(page, fixture('planted/lambda_1.1'));
  await planned(page, 4);
  await expect(name(page, 'strong one')).toBeVisible();
  await analyze(page);

  await name(page, 'lambda_0.5').focus();
  await page.keyboard.press('F2');
  await field(page).fill('given up');
  await page.keyboard.press('Escape');
  await expect(name(page, 'lambda_0.5')).toBeFocused();
  await reaches(page, 'done');

  // Two models of one name could not be told apart.
  await page.keyboard.press('Enter');
  await field(page).fill('strong one');
  await page.keyboard.press('Enter');
  await expect(field(page)).toBeVisible();
  expect(await field(page).evaluate((input) => (input as HTMLInputElement).validationMessage)).toContain(
    'Another model has this name',
  );
  await page.keyboard.press('Escape');

  await name(page, 'strong one').press('Enter');
  await field(page).fill('');
  await page.keyboard.press('Enter');
  await expect(name(page, 'lambda_1.5')).toBeFocused();
});

test('a name goes with the report and with the link', async ({ page, context }) => {
  await plan(page);
  await analyze(page);
  const counts = () => page.getByTestId('model-row').locator('td[data-l^="Intruders of"]').allInnerTexts();
  const before = await counts();
  await name(page, 'lambda_1.5').dblclick();
  await field(page).fill('chat-v2, Ana’s');
  await field(page).press('Enter');
  await expect(name(page, 'chat-v2, Ana’s')).toBeVisible();
  // Its numbers are the same ones.
  expect(await counts()).toEqual(before);

  const [download] = await Promise.all([page.waitForEvent('download'), page.getByTestId('export-json').click()]);
  const report = JSON.parse(readFileSync(await download.path(), 'utf8')) as Report;
  expect(report.models.map(({ label }) => label)).toContain('chat-v2, Ana’s');
  expect(report.models.map(({ label }) => label)).not.toContain('lambda_1.5');
  expect(report.models.every(({ matrices }) => matrices.length > 0)).toBe(true);

  await page.getByTestId('copy-link').getByRole('button').click();
  await expect(page.getByTestId('copy-link').getByRole('button')).toHaveText('Copied');
  const other = await context.newPage();
  await other.goto(await page.evaluate(() => navigator.clipboard.readText()));
  await expect(name(other, 'chat-v2, Ana’s')).toBeVisible();
});

test.describe('by touch', () => {
  test.use({ hasTouch: true, isMobile: true, viewport: { width: 375, height: 800 } });
  test('a word beside the name changes it', async ({ page }) => {
    await plan(page);
    await page.getByRole('button', { name: 'Rename lambda_1.5' }).tap();
    await field(page).fill('by hand');
    await field(page).press('Enter');
    await expect(page.getByRole('button', { name: 'Rename by hand' })).toBeVisible();
  });
});
