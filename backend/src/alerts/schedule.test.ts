import type { QuietHours } from '@rondo/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dueAt, giveUpAfterMs, groupWaitMs, isQuiet, nextTry, quietEnd, retryDelay } from './schedule.ts';

const hour = 3_600_000;
const night: QuietHours = { from: '22:00', to: '07:00', time_zone: 'Europe/Berlin', except_critical: true };
const at = (moment: string): number => Date.parse(moment);
const iso = (ms: number): string => new Date(ms).toISOString();

describe('[E5] quiet hours', () => {
  it('are of the clock of their time zone, and go past midnight', () => {
    expect(isQuiet(at('2026-01-31T20:59:00Z'), night)).toBe(false);
    expect(isQuiet(at('2026-01-31T21:00:00Z'), night)).toBe(true);
    expect(isQuiet(at('2026-02-01T05:59:59Z'), night)).toBe(true);
    expect(isQuiet(at('2026-02-01T06:00:00Z'), night)).toBe(false);
    expect(iso(quietEnd(at('2026-01-31T21:30:20Z'), night))).toBe('2026-02-01T06:00:00.000Z');
  });

  it('end by the clock on the wall when clocks change', () => {
    expect(iso(quietEnd(at('2026-03-28T22:00:00Z'), night))).toBe('2026-03-29T05:00:00.000Z');
    expect(iso(quietEnd(at('2026-10-24T21:00:00Z'), night))).toBe('2026-10-25T06:00:00.000Z');
    // 02:30 does not exist on that day: the hour after it is already past the end.
    const skipped = { ...night, from: '01:00', to: '02:30' };
    expect(iso(quietEnd(at('2026-03-29T00:10:00Z'), skipped))).toBe('2026-03-29T01:00:00.000Z');
  });

  it('end at the first moment that is not quiet, in every zone and at every moment', () => {
    const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kathmandu', 'Australia/Lord_Howe', 'Pacific/Apia'];
    const time = fc
      .tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }))
      .map((parts) => parts.map((part) => String(part).padStart(2, '0')).join(':'));
    const moment = fc.integer({ min: at('2026-01-01T00:00:00Z'), max: at('2027-01-01T00:00:00Z') });
    fc.assert(
      fc.property(fc.constantFrom(...zones), time, time, moment, (time_zone, from, to, now) => {
        fc.pre(from !== to);
        const hours = { from, to, time_zone, except_critical: true };
        const end = quietEnd(now, hours);
        expect(isQuiet(end, hours)).toBe(false);
        if (end === now) return;
        expect(isQuiet(end - 60_000, hours)).toBe(true);
        expect(end - now).toBeLessThanOrEqual(25 * hour);
      }),
      { numRuns: 60 },
    );
  });
});

describe('when a message is due', () => {
  const now = at('2026-01-31T12:00:00Z');
  const usual = { now, severity: 'warning', lastDue: undefined, throttleMs: 300_000, quietHours: [] } as const;

  it('[E4] soon, so that alerts of one cause share it', () => {
    expect(dueAt(usual)).toBe(now + groupWaitMs);
  });

  it('[E4] not before the throttle of the last one is over', () => {
    expect(dueAt({ ...usual, lastDue: now - 60_000 })).toBe(now + 240_000);
    expect(dueAt({ ...usual, lastDue: now - hour })).toBe(now + groupWaitMs);
  });

  it('[E5] after the quiet hours of the rule and of the channel, whichever end later', () => {
    const noon = { from: '11:00', to: '13:00', time_zone: 'UTC', except_critical: true };
    const afternoon = { from: '12:30', to: '18:00', time_zone: 'UTC', except_critical: false };
    expect(iso(dueAt({ ...usual, quietHours: [noon, null] }))).toBe('2026-01-31T13:00:00.000Z');
    expect(iso(dueAt({ ...usual, quietHours: [noon, afternoon] }))).toBe('2026-01-31T18:00:00.000Z');
    expect(dueAt({ ...usual, severity: 'critical', quietHours: [noon] })).toBe(now + groupWaitMs);
    expect(dueAt({ ...usual, severity: 'critical', quietHours: [{ ...noon, except_critical: false }] })).toBe(
      now + hour,
    );
  });
});

describe('[E6] repeated attempts', () => {
  it('double their delay up to a quarter of an hour, a quarter sooner or later', () => {
    expect([1, 2, 3, 8, 50].map((attempts) => retryDelay(attempts, 0.5))).toEqual(
      [10, 20, 40, 900, 900].map((s) => s * 1_000),
    );
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1_000 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (attempts, random) => {
          const usual = retryDelay(attempts, 0.5);
          expect(retryDelay(attempts, random)).toBeGreaterThanOrEqual(0.75 * usual - 1);
          expect(retryDelay(attempts, random)).toBeLessThanOrEqual(1.25 * usual + 1);
        },
      ),
    );
  });

  it.each([0, 0.5, 0.999])('go on for a day and no longer, whatever the jitter (%d)', (random) => {
    let now = 0;
    let attempts = 0;
    for (;;) {
      attempts += 1;
      const next = nextTry({ now, firstTriedAt: 0, attempts, random }, { isFinal: false });
      if (next === undefined) break;
      expect(next).toBeGreaterThan(now);
      now = next;
    }
    expect(now).toBeGreaterThanOrEqual(giveUpAfterMs);
    expect(now).toBeLessThan(giveUpAfterMs + 0.4 * hour);
    expect(attempts).toBeLessThan(200);
  });

  it('reach a receiver that was down for an hour within twenty minutes', () => {
    let now = 0;
    for (let attempts = 1; now < hour; attempts++)
      now = nextTry({ now, firstTriedAt: 0, attempts, random: 0.999 }, { isFinal: false }) ?? Number.POSITIVE_INFINITY;
    expect(now).toBeLessThan(hour + hour / 3);
  });

  it('end at once where no repetition can help, and wait for as long as the receiver asks', () => {
    const tried = { now: 0, firstTriedAt: 0, attempts: 1, random: 0.5 };
    expect(nextTry(tried, { isFinal: true })).toBeUndefined();
    expect(nextTry(tried, { isFinal: false, retryAfterMs: 120_000 })).toBe(120_000);
    expect(nextTry(tried, { isFinal: false, retryAfterMs: 1e12 })).toBe(hour);
  });
});
