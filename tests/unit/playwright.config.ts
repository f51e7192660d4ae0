import { defineConfig } from '@playwright/test';

// In Node alone: a browser is neither looked for nor started.
export default defineConfig({ testDir: '.', outputDir: '../../test-results/unit', forbidOnly: true });
