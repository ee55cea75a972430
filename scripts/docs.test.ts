import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '..');
const pages = globSync('**/*.md', { cwd: root, exclude: ['**/node_modules/**', '**/test-results/**', 'data/**'] });

it.each(pages)('every link of %s leads somewhere', (page) => {
  const links = [...readFileSync(join(root, page), 'utf8').matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)];
  const broken = links.map(([, link]) => link as string).filter((link) => !existsSync(join(root, dirname(page), link)));
  expect(broken).toEqual([]);
});
