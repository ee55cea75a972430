import { describe, expect, it } from 'vitest';
import {
  formatAge,
  formatAgo,
  formatBytes,
  formatClock,
  formatCount,
  formatDuration,
  formatMoment,
  formatMomentToSecond,
  formatNumber,
  formatPercent,
  formatPercentTick,
  formatTick,
  formatTimeOfDay,
  plural,
} from './format.ts';

/** Thin spaces are hard to see in a test. */
const plain = (text: string) => text.replaceAll('\u202f', ' ');

describe('numbers', () => {
  it.each([
    [0, '0.000'],
    [0.4123, '0.412'],
    [12.345, '12.35'],
    [-123.45, '-123.5'],
    [1234567, '1.23e6'],
    [12345, '12,345'],
    [0.00004, '4.00e-5'],
  ])('%d is shown as %s', (value, text) => expect(formatNumber(value)).toBe(text));

  it('[B15] keeps the digits of small numbers, without zeros at the end', () => {
    expect([0.005814, 0.0123456, -0.00577].map(formatNumber)).toEqual(['0.005814', '0.01235', '-0.00577']);
  });

  it('shows what is not finite by name, never as a number', () => {
    expect([Number.NaN, Infinity, -Infinity].map(formatNumber)).toEqual(['NaN', '∞', '−∞']);
    expect(formatPercent(Number.NaN)).toBe('NaN');
  });

  it('shows shares as percentages', () => {
    expect(plain(formatPercent(0.861))).toBe('86.1 %');
    expect(plain(formatPercentTick(0.25))).toBe('25 %');
  });

  it('keeps axis ticks short', () => {
    expect([0.1 + 0.2, 1.5, 2, 0.00001].map(formatTick)).toEqual(['0.3', '1.5', '2', '1e-5']);
  });

  it('groups counts by thousands and counts in words', () => {
    expect(formatCount(1234567)).toBe('1,234,567');
    expect([plural(1, 'run'), plural(2, 'run')]).toEqual(['1 run', '2 runs']);
  });

  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [44_700_000, '44.7 MB'],
    [1_900_000_000, '1.9 GB'],
  ])('%d bytes are %s', (bytes, text) => expect(plain(formatBytes(bytes))).toBe(text));
});

describe('times', () => {
  it.each([
    [38_000, '0:38'],
    [725_000, '12:05'],
    [3_729_000, '1:02:09'],
    [-5, '0:00'],
  ])('a clock of %d ms reads %s', (ms, text) => expect(formatClock(ms)).toBe(text));

  it.each([
    [420, '420 ms'],
    [8_200, '8.2 s'],
    [45_000, '45 s'],
    [1_860_000, '31 min'],
    [18_000_000, '5 h'],
    [172_800_000, '2 d'],
  ])('%d ms last %s', (ms, text) => expect(plain(formatDuration(ms))).toBe(text));

  it('shows the age of live data to the tenth', () => {
    expect(plain(formatAge(200))).toBe('0.2 s');
    expect(plain(formatAge(12_400))).toBe('12 s');
    expect(formatAgo(300)).toBe('just now');
  });
});

describe('a moment is written as the reader chose', () => {
  const at = '2026-01-31T12:34:56.000Z';
  const nowMs = Date.parse(at);
  it('by UTC, and says so', () => {
    expect(formatMoment(at, { style: 'utc' })).toBe('Jan 31, 2026, 12:34 PM UTC');
    expect(formatMomentToSecond(at, 'utc')).toMatch(/12:34:56 UTC$/);
    expect(formatTimeOfDay(at, 'utc')).toBe('12:34:56');
  });
  it('as its age, in both directions', () => {
    expect(formatMoment(at, { style: 'relative', nowMs: nowMs + 7_200_000 })).toBe('2\u202fh ago');
    expect(formatMoment(at, { style: 'relative', nowMs: nowMs - 3 * 86_400_000 })).toBe('in 3\u202fd');
    expect(formatMomentToSecond(at, 'relative')).toContain('2026');
  });
});
