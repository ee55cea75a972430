import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '..');
const page = readFileSync(join(root, 'docs/security.md'), 'utf8');
const named = [...page.matchAll(/`([\w./-]+\.tsx?)`: (.+?)(?: \||\.?$)/gm)].map(
  ([, file = '', test = '']) => [file, test] as const,
);

/** The requirements of levels 1 and 2 of ASVS 5.0.0. */
const levelTwo = `
1.1.1–2, 1.2.1–9, 1.3.1–11, 1.4.1–3, 1.5.1–2, 2.1.1–3, 2.2.1–3, 2.3.1–4, 2.4.1, 3.2.1–2, 3.3.1–4, 3.4.1–6,
3.5.1–5, 3.7.1–2, 4.1.1–3, 4.2.1, 4.3.1–2, 4.4.1–4, 5.1.1, 5.2.1–3, 5.3.1–2, 5.4.1–3, 6.1.1–3, 6.2.1–12,
6.3.1–4, 6.4.1–4, 6.5.1–5, 6.6.1–3, 6.8.1–4, 7.1.1–3, 7.2.1–4, 7.3.1–2, 7.4.1–5, 7.5.1–2, 7.6.1–2, 8.1.1–2,
8.2.1–3, 8.3.1, 8.4.1, 9.1.1–3, 9.2.1–4, 10.1.1–2, 10.2.1–2, 10.3.1–4, 10.4.1–11, 10.5.1–5, 10.6.1–2,
10.7.1–3, 11.1.1–2, 11.2.1–3, 11.3.1–3, 11.4.1–4, 11.5.1, 11.6.1, 12.1.1–3, 12.2.1–2, 12.3.1–4, 13.1.1,
13.2.1–5, 13.3.1–2, 13.4.1–5, 14.1.1–2, 14.2.1–4, 14.3.1–3, 15.1.1–3, 15.2.1–3, 15.3.1–7, 16.1.1, 16.2.1–5,
16.3.1–4, 16.4.1–3, 16.5.1–3, 17.1.1, 17.2.1–4, 17.3.1–2
`;

/** The numbers in a text; `3.3.1–4` and `3.3.1–3.3.4` are four. */
function requirementsIn(text: string): Set<string> {
  const found = new Set<string>();
  for (const [, section, first, last] of text.matchAll(/\b(\d+\.\d+)\.(\d+)(?:–(?:\d+\.\d+\.)?(\d+))?/g))
    for (let n = Number(first); n <= Number(last ?? first); n++) found.add(`${section}.${n}`);
  return found;
}

const findings = ['H1', 'H2', 'H3', ...list('M', 9), ...list('L', 11)];
function list(letter: string, count: number): string[] {
  return Array.from({ length: count }, (_, n) => `${letter}${n + 1}`);
}

describe('docs/security.md', () => {
  it('names tests', () => {
    expect(named.length).toBeGreaterThan(50);
  });

  it.each(named)('names a test that %s has: %s', (file, test) => {
    expect(readFileSync(join(root, file), 'utf8')).toContain(test);
  });

  it('has every requirement of ASVS 5.0, level 2, in one of its lists', () => {
    const asvs = page.slice(page.indexOf('## OWASP ASVS'), page.indexOf('## What attacks found'));
    const all = [...requirementsIn(levelTwo)];
    expect(all).toHaveLength(253);
    const listed = requirementsIn(asvs);
    expect(all.filter((id) => !listed.has(id))).toEqual([]);
  });

  it.each(findings)('names a test with the number of the finding %s', (finding) => {
    const rows = page.slice(page.indexOf('## What attacks found')).split('\n');
    const tests = rows.filter((row) => row.startsWith(`| ${finding} |`));
    expect(tests.length).toBeGreaterThan(0);
    for (const row of tests) expect(row).toMatch(new RegExp(`\\[(security )?${finding}\\]`));
  });
});
