import { setTimeout as wait } from 'node:timers/promises';
import type { Reporter } from '@rondo/reporter';
import { tick } from '../generators/viewer.ts';

interface Ticks {
  readonly perSecond: number;
  readonly seconds: number;
}

/** Reports ticks at an even pace; resolves to their number. */
export async function reportTicks(reporter: Reporter, { perSecond, seconds }: Ticks): Promise<number> {
  const count = perSecond * seconds;
  const startedAt = performance.now();
  for (let step = 0; step < count; step++) {
    await wait(Math.max(0, startedAt + (1_000 * step) / perSecond - performance.now()));
    reporter.metric(tick, Date.now(), { step });
  }
  return count;
}

/** Waits until all that was reported is acknowledged, a bounded time. */
export async function drained(reporter: Reporter, timeoutMs = 30_000): Promise<void> {
  const until = performance.now() + timeoutMs;
  while (reporter.stats().queued > 0 && performance.now() < until) await wait(20);
}
