import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseRange } from './range.ts';

it('a range is always within the content', () => {
  const header = fc.oneof(
    fc.string(),
    fc.tuple(fc.option(fc.nat(200)), fc.option(fc.nat(200))).map(([a, b]) => `bytes=${a ?? ''}-${b ?? ''}`),
  );
  fc.assert(
    fc.property(header, fc.nat(100), (text, size) => {
      const range = parseRange(text, size);
      if (range === null || range === 'unsatisfiable') return;
      expect(range.start).toBeGreaterThanOrEqual(0);
      expect(range.start).toBeLessThanOrEqual(range.end);
      expect(range.end).toBeLessThan(size);
    }),
  );
});

it.each([
  ['bytes=0-0', 10, { start: 0, end: 0 }],
  ['bytes=9-', 10, { start: 9, end: 9 }],
  ['bytes=-1', 10, { start: 9, end: 9 }],
  ['bytes = 1 - 2', 10, { start: 1, end: 2 }],
  ['bytes=10-', 10, 'unsatisfiable'],
  ['bytes=-0', 10, 'unsatisfiable'],
  ['bytes=0-', 0, 'unsatisfiable'],
  ['bytes=-5', 0, 'unsatisfiable'],
  ['bytes=-', 10, null],
  ['bytes=2-1', 10, null],
  ['bytes=0-1,2-3', 10, null],
  ['bytes=a-b', 10, null],
  [undefined, 10, null],
] as const)('%s of %i bytes', (header, size, range) => {
  expect(parseRange(header, size)).toEqual(range);
});
