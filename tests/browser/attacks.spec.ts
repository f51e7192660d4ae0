/** One attack of each kind through the page: it is named, the good files beside it are planned and analysed, and nothing of it runs. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from '@playwright/test';
import { attacks } from './attacks';
import { analyze, drop, open, planned, troubles } from './support';

/** The case, the folder of it that is dropped (its base stays away: the good one is the base), and what is said; none where nothing is wrong. */
const KINDS: [name: string, folder: string, code: string | undefined][] = [
  ['a14_zero_elements_huge_shape', '', 'shape-overflow'],
  ['a04_deep_extra_100000', '', undefined],
  ['b01_html', 'tuned', 'no-match'],
  ['c01_all_nan', 'tuned', undefined],
  ['d02_fp8_zero_cols', '', 'quantized'],
  ['d22_nf4_deep_state', 'base', 'quantized'],
  ['e12_laughs_300', 'tuned', 'over-limit'],
  ['e14_self_dict_wide', 'tuned', 'over-limit'],
  ['e20_deep_tuples', 'tuned', 'no-tensors'],
  ['f12_cd_offset_past', 'tuned', 'torch-invalid'],
  ['g08_laughs', 'tuned', 'over-limit'],
  ['h16_json_01', '', undefined],
  ['i03_redos_rank', 'lora', undefined],
  ['j04_inf_product', 'lora', undefined],
  ['k01_file_name_02', '', undefined],
];

const ALL = attacks();

for (const [name, folder, code] of KINDS) {
  test(`the good files beside ${name} are analysed`, async ({ page }, info) => {
    const put = (path: string, bytes: Buffer) => {
      const full = join(info.outputPath('files'), path);
      mkdirSync(dirname(full), { recursive: true });
      writeFileSync(full, bytes);
    };
    const own = ALL.get(name)!.filter(({ path }) => path.startsWith(folder));
    const good = ALL.get('good')!;
    for (const { path, bytes } of own) put(`attack/${path}`, bytes);
    for (const { path, bytes } of good) put(`good-${path}`, bytes);
    const wrong = await troubles(page);
    await open(page, { build: 'threads', address: './?store=off' });
    await drop(page, [info.outputPath('files')]);
    await planned(page, own.length + good.length);
    const said = page.locator(`[data-testid=error]${code === undefined ? '' : `[data-code=${code}]`}`);
    if (code !== undefined) await expect(said.first()).toBeVisible();
    await analyze(page);
    // Both of them, in all their matrices.
    await expect(page.getByTestId('model-row').filter({ hasText: 'of 6 matrices' }).nth(1)).toBeVisible();
    expect(await page.title()).not.toContain('PWNED');
    expect(wrong).toEqual([]);
  });
}
