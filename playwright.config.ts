import { defineConfig } from '@playwright/test';
import { BROWSER_ARGS, findBrowser } from './tools/browser.mjs';

// `npm test` builds and serves, and says where. Started alone (npx playwright test), we serve for ourselves.
const served = process.env.LORASCOPE_URL;
const port = 4199;

export default defineConfig({
  testDir: 'tests/browser',
  outputDir: 'test-results/browser',
  // The engine takes every core itself; two pages at once would only measure each other.
  workers: 1,
  timeout: 60_000,
  forbidOnly: true,
  use: {
    baseURL: served ?? `http://localhost:${port}/`,
    launchOptions: { executablePath: await findBrowser(), args: BROWSER_ARGS },
  },
  webServer: served
    ? undefined
    : { command: `node tools/preview.mjs --port ${port}`, port, reuseExistingServer: true, timeout: 900_000 },
});
