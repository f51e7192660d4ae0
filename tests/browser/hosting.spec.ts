/** Foreign hosts: dist/ in any folder, without headers, without service workers. */
import { fileURLToPath } from 'node:url';
import { expect, test } from '@playwright/test';
import { plainHost, type Host } from './plain-host';
import { ready } from './support';

const FOLDER = '/some/folder/';

let host: Host;
let address: string;

test.beforeAll(async () => {
  host = await plainHost({ [FOLDER]: fileURLToPath(new URL('../../dist/', import.meta.url)) });
  address = `${host.url}${FOLDER}`;
});

test.afterAll(() => host.close());

test('on a host without headers the page isolates itself with one reload', async ({ page }) => {
  // Not its load events, for the reload may come before the first of them; not its navigations, which a new address in the history is too.
  let visits = 0;
  page.on('request', (request) => (visits += Number(request.isNavigationRequest())));
  await page.goto(address);
  await ready(page, /^threads\+/);
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
  expect(visits).toBe(2);
});

test.describe('without service workers', () => {
  test.use({ serviceWorkers: 'block' });

  test('the page goes on with the build that needs no threads', async ({ page }) => {
    await page.goto(address);
    await ready(page, 'simd');
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(false);
  });
});
