import { describe, expect, it } from 'vitest';
import { Stamper } from './stamp.ts';
import { FakeClock } from './testing/fake-clock.ts';

describe('[R2] the time of a fact', () => {
  it('[R2] is now', () => {
    expect(new Stamper(new FakeClock().now).stamp({ type: 'client_left', client_id: 'a' })).toBe(
      '2026-01-31T12:00:00.000Z',
    );
  });

  it('[R2] rises between two facts about one client in one millisecond', () => {
    const stamper = new Stamper(new FakeClock().now);
    const joined = stamper.stamp({ type: 'client_joined', client_id: 'a' });
    expect(stamper.stamp({ type: 'client_left', client_id: 'a' }) > joined).toBe(true);
  });

  it('[R2] is shared by facts about different clients', () => {
    const stamper = new Stamper(new FakeClock().now);
    const times = ['a', 'b', 'c'].map((client_id) => stamper.stamp({ type: 'client_joined', client_id }));
    expect(new Set(times).size).toBe(1);
  });

  it('[R2] is not pushed ahead by a burst of metrics', () => {
    const stamper = new Stamper(new FakeClock().now);
    const times = Array.from({ length: 1_000 }, (_, step) =>
      stamper.stamp({ type: 'metric', name: 'x', value: 1, step }),
    );
    expect(new Set(times).size).toBe(1);
  });

  it('[R2] never falls when the wall clock is set back', () => {
    const clock = new FakeClock();
    const stamper = new Stamper(clock.now);
    const before = stamper.stamp({ type: 'round_started', round: 1, client_ids: [] });
    clock.setBack(60_000);
    expect(stamper.stamp({ type: 'round_started', round: 2, client_ids: [] }) >= before).toBe(true);
  });

  it('[R2] is the one given, if one is', () => {
    const stamper = new Stamper(new FakeClock().now);
    expect(stamper.stamp({ type: 'client_left', client_id: 'a', at: new Date(0) })).toBe('1970-01-01T00:00:00.000Z');
  });
});
