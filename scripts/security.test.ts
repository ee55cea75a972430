import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '..');
const page = readFileSync(join(root, 'docs/security.md'), 'utf8');
const named = [...page.matchAll(/`([\w./-]+\.test\.tsx?)`: (.+?)(?: \||\.?$)/gm)].map(
  ([, file = '', test = '']) => [file, test] as const,
);

describe('docs/security.md', () => {
  it('names tests', () => {
    expect(named.length).toBeGreaterThan(50);
  });

  it.each(named)('names a test that %s has: %s', (file, test) => {
    expect(readFileSync(join(root, file), 'utf8')).toContain(test);
  });
});
