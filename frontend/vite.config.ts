import { fileURLToPath } from 'node:url';
import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';
import { pageFiles } from './src/lib/page-files.ts';

const server = 'http://127.0.0.1:8000';

export default defineConfig({
  plugins: [react(), tailwindcss(), filesOfPages()],
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
  resolve: {
    alias: { 'react-style-singleton': fileURLToPath(new URL('./src/lib/style-singleton.ts', import.meta.url)) },
  },
  build: {
    outDir: 'dist',
    target: 'es2023',
    // The first versions that know light-dark().
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    rolldownOptions: {
      // The wire's schemas run on the server; without this their mere definitions would bring zod to the browser.
      treeshake: { moduleSideEffects: [{ test: /\/protocol\/src\//, sideEffects: false }] },
      output: {
        // A file of a few hundred bytes costs as much time as one of a few thousand: over HTTP/1.1 six travel at once.
        codeSplitting: {
          groups: [
            { name: 'base', tags: ['$initial'], priority: 2 },
            // Without dialogs and charts, which bring libraries that a page may never need.
            {
              name: 'parts',
              test: /\/src\/(hooks|lib|api|store|components\/ui\/(?!\w*(Dialog|Popover|VirtualTable)))|\/lucide-react\//,
              minShareCount: 3,
              priority: 1,
            },
          ],
        },
      },
    },
  },
  // A limit for hangs, not a measure: a busy machine may be ten times slower.
  test: { setupFiles: ['../vitest.setup.ts', './src/test/setup.ts'], testTimeout: 60_000, hookTimeout: 60_000 },
});

/** Writes `pages.json`: for each page its pattern and the files that it needs besides those of every page. */
function filesOfPages(): Plugin {
  return {
    name: 'files-of-pages',
    generateBundle(_options, bundle) {
      const chunks = Object.values(bundle).filter((file) => file.type === 'chunk');
      const withImports = (names: readonly string[]): Set<string> => {
        const all = new Set(names);
        // A set visits what is added during the iteration.
        for (const name of all)
          for (const imported of chunks.find(({ fileName }) => fileName === name)?.imports ?? []) all.add(imported);
        return all;
      };
      const ofEveryPage = withImports(chunks.filter(({ isEntry }) => isEntry).map(({ fileName }) => fileName));
      const pages = pageFiles.map(([pattern, name]) => {
        const page = chunks.find(({ facadeModuleId }) => facadeModuleId?.endsWith(`/pages/${name}.tsx`));
        if (page === undefined) throw new Error(`the build has no file for the page ${name}`);
        return {
          pattern: pattern.source,
          files: [...withImports([page.fileName])].filter((file) => !ofEveryPage.has(file)),
        };
      });
      const fonts = Object.keys(bundle).filter((name) => name.endsWith('.woff2'));
      this.emitFile({ type: 'asset', fileName: 'pages.json', source: JSON.stringify({ fonts, pages }) });
    },
  };
}
