import { defineConfig } from '@playwright/test';
import { findChromium } from './src/chromium.ts';

// Reporters of tests leave nothing in the user's home.
process.env.RONDO_SPOOL_DIR ??= 'off';

export default defineConfig({
  testDir: './src',
  outputDir: './test-results',
  // Two cores: a second browser would be measured as lag of the first.
  workers: 1,
  // Limits for hangs, not measures: a busy machine may be ten times slower.
  timeout: 180_000,
  expect: { timeout: 20_000 },
  forbidOnly: true,
  reporter: 'list',
  use: {
    viewport: { width: 1440, height: 900 },
    locale: 'en-US',
    trace: 'retain-on-failure',
    launchOptions: await findChromium(),
  },
});
