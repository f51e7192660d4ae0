/** What a reader waits for: one engine, in the worker, and what draws. */
import { gzipSync } from 'node:zlib';
import { expect, test } from '@playwright/test';
import { BUILDS, open } from './support';

/** Bytes, as a host that compresses sends them. */
const MOST = 2_300_000;

for (const version of BUILDS) {
  test(`until it is ready the page fetches one engine and ${MOST / 1e6} MB compressed at most, ${version.build}`, async ({
    page,
  }) => {
    const fetched = new Map<string, Promise<Buffer>>();
    page.on('response', (response) => {
      if (!response.ok()) return;
      const body = response.body();
      // What comes after the page is ready may still be on its way when the test ends.
      body.catch(() => undefined);
      fetched.set(response.url(), body);
    });
    await open(page, version);
    let bytes = 0;
    for (const body of fetched.values()) bytes += gzipSync(await body, { level: 9 }).length;
    const wasms = [...fetched.keys()].filter((url) => url.endsWith('.wasm'));
    test
      .info()
      .annotations.push({ type: 'measured', description: `${(bytes / 1e6).toFixed(2)} MB in ${fetched.size} files` });
    expect(wasms).toHaveLength(2);
    expect(bytes).toBeLessThan(MOST);
  });
}
