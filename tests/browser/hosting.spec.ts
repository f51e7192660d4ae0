/** dist/ on hosts of other people's: any folder, no headers, no service workers. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { expect, test } from '@playwright/test';

const TYPES: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.wasm': 'application/wasm', '.svg': 'image/svg+xml' };
const FOLDER = '/some/folder/';

let server: Server;
let address: string;

/** A static host that knows no header but the type. */
test.beforeAll(async () => {
  server = createServer(async (request, response) => {
    const path = new URL(request.url ?? '/', 'http://host').pathname.replace(/\/$/, '/index.html');
    try {
      if (!path.startsWith(FOLDER)) throw new Error('outside the folder');
      const body = await readFile(new URL(`../../dist/${path.slice(FOLDER.length)}`, import.meta.url));
      response.setHeader('Content-Type', TYPES[extname(path)] ?? 'application/octet-stream').end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  address = `http://localhost:${(server.address() as AddressInfo).port}${FOLDER}`;
});

test.afterAll(() => new Promise<void>((resolve) => {
  server.closeAllConnections();
  server.close(() => resolve());
}));

test('on a host without headers the page isolates itself with one reload', async ({ page }) => {
  // Not its load events: the reload may come before the first of them.
  let visits = 0;
  page.on('framenavigated', () => visits++);
  await page.goto(address);
  await expect(page.locator('html')).toHaveAttribute('data-build', /^threads\+/, { timeout: 15_000 });
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
  expect(visits).toBe(2);
});

test.describe('without service workers', () => {
  test.use({ serviceWorkers: 'block' });

  test('the page goes on with the build that needs no threads', async ({ page }) => {
    await page.goto(address);
    await expect(page.locator('html')).toHaveAttribute('data-build', 'simd', { timeout: 15_000 });
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(false);
  });
});
