import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

const server = 'http://127.0.0.1:8000';

export default defineConfig({
  plugins: [react(), tailwindcss()],
  // Relative, so that one build works under every path; the server writes the path into the page.
  base: './',
  server: {
    proxy: {
      '/api': server,
      '/metrics': server,
      '/openapi.json': server,
      '/docs': server,
      '/ws': { target: server, ws: true },
    },
  },
  build: {
    outDir: 'dist',
    target: 'es2023',
    // The first versions that know light-dark().
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    rolldownOptions: {
      // The wire's schemas run on the server; without this their mere definitions would bring zod to the browser.
      treeshake: { moduleSideEffects: [{ test: /\/protocol\/src\//, sideEffects: false }] },
    },
  },
  // A limit for hangs, not a measure: a busy machine may be ten times slower.
  test: { setupFiles: ['../vitest.setup.ts', './src/test/setup.ts'], testTimeout: 60_000, hookTimeout: 60_000 },
});
