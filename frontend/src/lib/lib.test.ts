import { expect, it, vi } from 'vitest';
import { observeServerDate, serverNow } from './clock.ts';
import { toCsv } from './csv.ts';
import { returnAddress } from './return-address.ts';
import { shortVersion } from './short-version.ts';
import { throttle } from './throttle.ts';

it('CSV quotes what needs quoting and defuses formulas', () => {
  expect(
    toCsv(
      ['a', 'b'],
      [
        ['x,"y"', null],
        ['=1+1', Number.NaN],
      ],
    ),
  ).toBe('a,b\r\n"x,""y""",\r\n\'=1+1,NaN');
});

it('[L11] CSV defuses full-width signs, and formulas after a separator of other languages', () => {
  const cells = ['＝1+1', '＋1', '－1', '＠a', 'a;=1+1', 'a\t@b', ' =1'];
  for (const cell of cells) expect(toCsv([], [[cell]])).toMatch(/^\r\n"?'/);
  expect(toCsv(['a;b'], [['a-b = c']])).toBe('"a;b"\r\na-b = c');
});

it('returns only to places of this app after signing in', () => {
  expect(returnAddress({ from: '/runs/a?b=1' })).toBe('/runs/a?b=1');
  for (const from of ['//evil.example', '/\\evil.example', 'https://evil.example', 7]) {
    expect(returnAddress({ from })).toBe('/');
  }
  expect(returnAddress(null)).toBe('/');
});

it('corrects for a server whose clock is off, and not for the time an answer takes', () => {
  const now = Date.parse('2026-01-31T12:00:00Z');
  observeServerDate('Sat, 31 Jan 2026 12:00:01 GMT', now);
  expect(serverNow(now)).toBe(now);
  observeServerDate('Sat, 31 Jan 2026 12:05:00 GMT', now);
  expect(serverNow(now) - now).toBe(300_500);
  observeServerDate('Sat, 31 Jan 2026 12:00:00 GMT', now);
});

it('throttling runs at once, then once per interval, and never loses the last call', () => {
  vi.useFakeTimers();
  const task = vi.fn();
  const throttled = throttle(task, 1_000);
  for (let call = 0; call < 5; call++) throttled();
  expect(task).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(1_000);
  expect(task).toHaveBeenCalledTimes(2);
  vi.advanceTimersByTime(5_000);
  expect(task).toHaveBeenCalledTimes(2);
  throttled();
  expect(task).toHaveBeenCalledTimes(3);
  throttled.cancel();
  vi.useRealTimers();
});

it('a version that is called after its run shows what tells it apart, and never nothing', () => {
  expect(shortVersion('xray-1-round-40', 'xray-1')).toBe('round-40');
  expect(shortVersion('v13', 'xray-1')).toBe('v13');
  expect(shortVersion('xray-1', 'xray-1')).toBe('xray-1');
  expect(shortVersion('xray-1-', 'xray-1')).toBe('xray-1-');
});
