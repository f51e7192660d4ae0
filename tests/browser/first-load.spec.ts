/** The bytes of a first load: to look, under half a megabyte and no engine; with files over the page, one engine and one build that draws. */
import { gzipSync } from 'node:zlib';
import { expect, test, type Page } from '@playwright/test';
import { BUILDS, ready } from './support';

/** Bytes, as a host that compresses sends them. */
const LOOK = 500_000;
const COMPUTE = 3_300_000;

/** All responses from now on, by address. */
function arrivals(page: Page): Map<string, Promise<Buffer>> {
  const fetched = new Map<string, Promise<Buffer>>();
  page.on('response', (response) => {
    if (!response.ok()) return;
    const body = response.body();
    // What comes after the page is ready may still be on its way when the test ends.
    body.catch(() => undefined);
    fetched.set(response.url(), body);
  });
  return fetched;
}

async function compressed(fetched: Map<string, Promise<Buffer>>): Promise<number> {
  let bytes = 0;
  for (const body of fetched.values()) bytes += gzipSync(await body, { level: 9 }).length;
  test
    .info()
    .annotations.push({ type: 'measured', description: `${(bytes / 1e6).toFixed(2)} MB in ${fetched.size} files` });
  return bytes;
}

const wasms = (fetched: Map<string, Promise<Buffer>>) => [...fetched.keys()].filter((url) => url.endsWith('.wasm'));

test(`the empty page with its picture fetches less than ${LOOK / 1e6} MB compressed, and nothing that computes`, async ({
  page,
}) => {
  const fetched = arrivals(page);
  await page.goto('./');
  await expect(page.locator('figure.specimen canvas')).toHaveAttribute('aria-label', /.{12}/);
  await page.waitForLoadState('networkidle');
  expect([...fetched.keys()].filter((url) => /engine\.worker|safetensors/.test(url))).toEqual([]);
  expect(wasms(fetched)).toHaveLength(1);
  await expect(page.getByTestId('runs')).toContainText('Nothing yet');
  expect(await compressed(fetched)).toBeLessThan(LOOK);
});

for (const version of BUILDS) {
  test(`with files over it the page fetches one engine, and ${COMPUTE / 1e6} MB compressed at most in all, ${version.build}`, async ({
    page,
  }) => {
    const fetched = arrivals(page);
    await page.goto(version.address);
    await ready(page, version.build === 'simd' ? 'simd' : /^threads\+/);
    await page.waitForLoadState('networkidle');
    // The picture's, what draws, and what computes.
    expect(wasms(fetched).length).toBeLessThanOrEqual(3);
    expect(await compressed(fetched)).toBeLessThan(COMPUTE);
  });
}
