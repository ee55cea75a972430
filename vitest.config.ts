import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // Most tests wait for a database in another thread, so that two share two cores well.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      {
        test: {
          name: 'node',
          include: ['{protocol,backend,reporters/typescript,demo,scripts}/**/*.test.ts'],
          setupFiles: ['./vitest.setup.ts'],
          // A limit for hangs, not a measure: a busy machine may be ten times slower.
          testTimeout: 60_000,
          hookTimeout: 120_000,
          // Reporters of tests leave nothing in the user's home.
          env: { RONDO_SPOOL_DIR: 'off' },
        },
      },
      {
        extends: './frontend/vite.config.ts',
        test: { name: 'frontend', root: './frontend', include: ['src/**/*.test.{ts,tsx}'], environment: 'jsdom' },
      },
    ],
  },
});
