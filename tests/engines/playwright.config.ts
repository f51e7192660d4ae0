import { defineConfig } from '@playwright/test';
import { FULL } from '../browser/breadth';

// What Chromium is for beside the others; tests/browser drives it through the rest.
const CHROMIUM = FULL ? /./ : /the sample: |a lesson |reloads/;

// One browser after the other: the engine takes every core itself. Chromium first, whose numbers the others are held against.
export default defineConfig({
  testDir: '.',
  testIgnore: process.env['LORASCOPE_SHOTS'] ? [] : /shots/,
  outputDir: '../../test-results/engines',
  globalSetup: './install',
  workers: 1,
  timeout: 400_000,
  expect: { timeout: 15_000 },
  forbidOnly: true,
  // The drivers are not ours: what one of them lost is asked for again. A start that hangs is not: reloads.spec.ts counts it.
  retries: 1,
  projects: [{ name: 'chromium', grep: CHROMIUM }, { name: 'firefox' }, { name: 'webkit' }],
});
