import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
// A share is at most 1 and a percentage at most 100 by definition.
const inline = /(?:(?<!Math)\.max\(\s*(?!(?:1|100)\s*[,)])-?[\d_]+\s*[,)]|\bmaxLength\s*[:=]\s*[{"']*\s*\d)/g;

const boundsIn = (source: string): string[] => source.match(inline) ?? [];

it('sees a bound that is written as a number', () => {
  const written = ['z.string().max(64)', 'z.int().max(10_000, "too many")', 'maxLength={64}', 'maxLength="64"'];
  const fine = [
    'z.string().max(limits.name)',
    'share.max(1)',
    'percent.max(100)',
    'Math.max(0, n)',
    'maxLength={limits.name}',
  ];
  expect(written.filter((source) => boundsIn(source).length === 0)).toEqual([]);
  expect(fine.filter((source) => boundsIn(source).length > 0)).toEqual([]);
});

it('every bound of a schema or a form is named in protocol/src/limits.ts', () => {
  const files = globSync('{protocol,backend,frontend}/src/**/*.{ts,tsx}', { cwd: root }).filter(
    (file) => !/\.test\.tsx?$|\/(test|testing)\/|\/limits\.ts$/.test(file),
  );
  expect(files.length).toBeGreaterThan(300);
  const found = files.flatMap((file) =>
    boundsIn(readFileSync(join(root, file), 'utf8')).map((each) => `${file}: ${each}`),
  );
  expect(found).toEqual([]);
});
