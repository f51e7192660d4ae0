/** Certified runs on the page: one matrix checked exactly, and a remark on reports whose bounds were not proved. */
import { readFileSync } from 'node:fs';
import { expect, test } from '@playwright/test';
import { chooseFolder, fixture, open, planned, reaches } from './support';

test('one certified matrix is computed exactly as well, and old certified reports carry a remark', async ({
  page,
  context,
}) => {
  await open(page, { build: 'threads', address: './?mode=certified&store=off' });
  await chooseFolder(page, fixture('planted/base'));
  await planned(page, 1);
  await chooseFolder(page, fixture('planted/lambda_1.5'));
  await planned(page, 2);
  await page.getByTestId('analyze').click();
  await reaches(page, 'done');
  await expect(page.getByTestId('verified')).toContainText('lie within their bounds');

  const [download] = await Promise.all([page.waitForEvent('download'), page.getByTestId('export-json').click()]);
  const report = JSON.parse(readFileSync(await download.path(), 'utf8'));
  expect(report.generator.engine).toBeGreaterThanOrEqual(7);
  for (const proved of [true, false]) {
    if (!proved) delete report.generator.engine;
    const other = await context.newPage();
    await open(other);
    const buffer = Buffer.from(JSON.stringify(report));
    await other.getByTestId('file-input').setInputFiles({ name: 'report.json', mimeType: 'application/json', buffer });
    await reaches(other, 'done');
    const remark = other.getByTestId('remark');
    if (proved) await expect(remark).toHaveCount(0);
    else await expect(remark).toContainText('whose bounds could be wrong');
  }
});
