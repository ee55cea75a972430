import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseMoment } from '../../hooks/useMomentOfAddress.ts';
import { clampMoment, describeMoment, momentOfKey, playFrom, speeds, writeMoment } from './moment.ts';

const span = { from: Date.UTC(2026, 0, 31, 12), to: Date.UTC(2026, 0, 31, 13) };
const starts = [span.from + 60_000, span.from + 120_000];

it('reads a moment as ISO or as milliseconds, and returns to it exactly', () => {
  expect(parseMoment('2026-01-31T12:03:11Z')).toBe(span.from + 191_000);
  expect(parseMoment(String(span.from))).toBe(span.from);
  for (const text of [null, '', 'yesterday', 'NaN', '-']) expect(parseMoment(text)).toBeNull();
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4e12 }), (ms) => {
      expect(parseMoment(writeMoment(ms))).toBe(ms);
    }),
  );
});

it('no key and no play leaves the run', () => {
  const keys = fc.constantFrom('ArrowLeft', 'ArrowRight', 'PageUp', 'PageDown', 'Home', 'End', 'x');
  fc.assert(
    fc.property(fc.integer({ min: span.from, max: span.to }), keys, (atMs, key) => {
      const next = momentOfKey(key, atMs, span, starts);
      if (key === 'x') expect(next).toBeNull();
      else expect(clampMoment(next ?? -1, span)).toBe(next);
    }),
  );
  fc.assert(
    fc.property(
      fc.integer({ min: span.from, max: span.to }),
      fc.nat(1_000),
      fc.constantFrom(...speeds),
      (atMs, elapsedMs, speed) => {
        const played = playFrom(atMs, elapsedMs, speed, span);
        expect(played.atMs).toBe(Math.min(span.to, atMs + elapsedMs * speed));
        expect(played.isOver).toBe(atMs + elapsedMs * speed >= span.to);
      },
    ),
  );
});

it('page keys go from round to round', () => {
  expect(momentOfKey('PageUp', span.from, span, starts)).toBe(starts[0]);
  expect(momentOfKey('PageUp', starts[0] ?? 0, span, starts)).toBe(starts[1]);
  expect(momentOfKey('PageUp', starts[1] ?? 0, span, starts)).toBe(span.to);
  expect(momentOfKey('PageDown', starts[1] ?? 0, span, starts)).toBe(starts[0]);
});

it('says which moment it is in one sentence', () => {
  const words = { atMs: span.to - 240_000, span, isRunning: false, round: 12, numRounds: 100 };
  expect(describeMoment(words)).toMatch(/^\d\d:\d\d:\d\d, round 12 of 100, 4\u202fmin before the end$/);
  expect(describeMoment({ ...words, isRunning: true, round: null })).toContain('before the first round');
  expect(describeMoment({ ...words, atMs: span.to })).toContain('the end of the run');
});
