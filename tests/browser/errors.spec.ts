/** Every malformed file: the stated answer, in the page's own words, and nothing thrown, refused or executed on the way. */
import { expect, test, type Page } from '@playwright/test';
import { firstOfEach } from './breadth';
import { analyze, chooseFiles, drop, fixture, open, planned, readJson, troubles } from './support';

const CASES = readJson<{ cases: { file: string; expected: string }[] }>('hostile/manifest.json').cases;

/** The manifest's words for the wanted answer and our stable code, as in tests/hostile.rs. Other answers begin with Ok: no error. */
const CODES: [start: string, code: string][] = [
  ['Overlap', 'overlap'],
  ['TrailingBytes', 'trailing-bytes'],
  ['Truncated', 'truncated'],
  ['HeaderTooLarge', 'header-too-large'],
  ['EmptyFile', 'empty-file'],
  ['HeaderNotUtf8', 'header-not-utf8'],
  ['HeaderNotJson', 'header-not-json'],
  ['SizeMismatch', 'size-mismatch'],
  ['ShapeOverflow', 'shape-overflow'],
  ['DuplicateKey', 'duplicate-key'],
  ['HeaderField', 'header-field'],
  ['BadOffsets', 'bad-offsets'],
  ['Hole', 'hole'],
  ['Warn: metadata', 'metadata-not-strings'],
  ['Ok with 1 tensor of unknown dtype', 'unknown-dtype'],
  ['FileType pytorch zip', 'no-tensors'],
  ['FileType pytorch legacy', 'torch-invalid'],
  ['FileType', 'file-type'],
  ['Adapter: no LoRA', 'adapter-no-lora'],
  ['Adapter: lora_A without', 'adapter-half'],
  ['Adapter: rank', 'adapter-rank'],
  ['Adapter: empty LoRA', 'adapter-empty-tensors'],
  ['Index: both shards', 'missing-shard'],
  ['Index: a shard must', 'index-path'],
  ['Index:', 'index-invalid'],
  ['Adapter config:', 'adapter-config-invalid'],
  ['Ok; r and lora_alpha take the defaults', 'config-defaults'],
  ['Ok as a config; IA3', 'config-without-weights'],
  ['Refused by name', 'method-without-weights'],
  ['Warning: the rank_pattern', 'pattern-not-regex'],
  ['Ok(no tensors)', 'no-tensors'],
];

const codeOf = (expected: string) => CODES.find(([start]) => expected.startsWith(start))?.[1];

interface Said {
  code: string;
  text: string;
  where: string;
  mild: boolean;
}

/** The problems on the page. */
function said(page: Page): Promise<Said[]> {
  return page.getByTestId('error').evaluateAll((items) =>
    items.map((item) => ({
      code: (item as HTMLElement).dataset['code'] ?? '',
      text: item.textContent ?? '',
      where: item.querySelector('.where')?.textContent ?? '',
      mild: item.classList.contains('mild'),
    })),
  );
}

test('every kind of hostile file gets its answer by name, and leaves the page whole', async ({ page }) => {
  test.setTimeout(120_000);
  const wrong = await troubles(page);
  await open(page);
  expect(CASES).toHaveLength(80);
  for (const { file, expected } of firstOfEach('hostile files', CASES, (c) => codeOf(c.expected) ?? 'none')) {
    await chooseFiles(page, fixture(`hostile/${file}`));
    await planned(page, 1);
    const problems = await said(page);
    const about = problems.filter(({ text }) => text.includes(file));
    const code = codeOf(expected);
    expect.soft(problems.length, `${file}: something is said`).toBeGreaterThan(0);
    if (code) {
      expect
        .soft(
          about.map((p) => p.code),
          `${file}: ${expected}`,
        )
        .toContain(code);
    } else {
      expect(expected, file).toMatch(/^Ok/);
      expect
        .soft(
          problems.filter((p) => p.where.includes(file) && !p.mild),
          `${file}: ${expected}`,
        )
        .toEqual([]);
    }
    await page.getByRole('button', { name: 'Start over' }).click();
    await expect(page.getByTestId('status')).toHaveAttribute('data-state', 'idle');
  }
  expect(wrong).toEqual([]);
});

test('all hostile files at once do not disturb the good ones beside them', async ({ page }) => {
  const wrong = await troubles(page);
  await open(page);
  await drop(page, [fixture('hostile'), fixture('planted/base'), fixture('planted/lambda_1.5')]);
  // The folder's README and manifest come along.
  await planned(page, CASES.length + 4);
  const problems = await said(page);
  for (const { file, expected } of CASES) {
    const code = codeOf(expected);
    // A configuration without its adapter is a matter of the company it comes in; broken files stay broken in any.
    if (code && file.startsWith('bad_'))
      expect
        .soft(
          problems.filter((p) => p.text.includes(file)).map((p) => p.code),
          file,
        )
        .toContain(code);
  }
  await analyze(page);
  const rows = page.getByTestId('matrix-row');
  await expect(rows).toHaveCount(2);
  const good = page.locator('[data-testid=model-row]').filter({ hasText: /Full|lambda_1\.5/ });
  await expect(good).toHaveCount(1);
  await expect(good.locator('td[data-l^="Intruders of"] span')).toHaveText('2');
  for (const row of await rows.all()) await expect(row.locator('td.num b')).toHaveText('1');
  expect(wrong).toEqual([]);
});

test('names with HTML are text', async ({ page }) => {
  const wrong = await troubles(page);
  await open(page);
  const name = '<img src=x onerror=document.title="broken">.safetensors';
  // The path of a file and the name of a tensor in it; both with HTML.
  const header = Buffer.from('{"<b id=tensor>bold</b>":{"dtype":"F99","shape":[2,2],"data_offsets":[0,16]}}');
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  await chooseFiles(page, [
    { name, mimeType: '', buffer: Buffer.concat([length, header, Buffer.alloc(16)]) },
    { name: `short${name}`, mimeType: '', buffer: Buffer.from('short') },
  ]);
  await planned(page, 2);
  const problems = await said(page);
  expect(problems.find((p) => p.code === 'unknown-dtype')?.text).toContain('<b id=tensor>bold</b>');
  expect(problems.find((p) => p.code === 'truncated')?.text).toContain(`short${name}`);
  await expect(page.locator('main img, #tensor')).toHaveCount(0);
  await expect(page).toHaveTitle('2 problems in 2 files · Lorascope');
  expect(wrong).toEqual([]);
});
