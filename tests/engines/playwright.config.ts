import { defineConfig } from '@playwright/test';

// One browser after the other: the engine takes every core itself. Chromium first, whose numbers the others are held against.
export default defineConfig({
  testDir: '.',
  outputDir: '../../test-results/engines',
  workers: 1,
  timeout: 180_000,
  expect: { timeout: 15_000 },
  forbidOnly: true,
  projects: ['chromium', 'firefox', 'webkit'].map((name) => ({ name })),
});
