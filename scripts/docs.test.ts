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

it('every test that docs/field.md names for an example exists', () => {
  const read = (path: string) => {
    const isFolder = !/\.(ts|py)$/.test(path);
    const files = isFolder
      ? globSync('**/*.{py,ts}', { cwd: join(root, path) }).map((file) => join(path, file))
      : [path];
    return files.map((file) => readFileSync(join(root, file), 'utf8')).join('\n');
  };
  const missing: string[] = [];
  let headings: string[] = [];
  for (const line of readFileSync(join(root, 'docs/field.md'), 'utf8').split('\n')) {
    const names = [...line.matchAll(/`([^`]+)`/g)].map(([, name]) => name as string);
    if (line.startsWith('## ')) headings = names;
    const cell = /^\| [\d–]+ \|.*\| (.*) \|$/.exec(line)?.[1];
    if (cell === undefined) continue;
    let text = headings.map(read).join('\n');
    let count = 0;
    for (const [, name = ''] of cell.matchAll(/`([^`]+)`/g)) {
      if (/^[\w/-]+\/[\w./-]+\.(ts|py)$/.test(name)) {
        text = read(name);
        continue;
      }
      count++;
      const parts = /^\w+(\.test_\w+)?$/.test(name) ? name.split('.') : [name];
      const isThere = parts.every((part) => text.includes(part.startsWith('test_') ? `def ${part}(` : part));
      if (!isThere) missing.push(name);
    }
    if (count === 0) missing.push(line);
  }
  expect(missing).toEqual([]);
});

it("both reporters document the certificate of an authority of one's own", () => {
  const read = (name: string) => readFileSync(join(root, 'reporters', name, 'README.md'), 'utf8');
  expect(read('python')).toContain('`SSL_CERT_FILE`');
  expect(read('typescript')).toContain('`NODE_EXTRA_CA_CERTS`');
});
