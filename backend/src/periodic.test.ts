import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { startPeriodic } from './periodic.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const ignore = () => {};

it('waits for the end of one run before it counts the pause to the next', async () => {
  const runs: PromiseWithResolvers<void>[] = [];
  const task = () => {
    const run = Promise.withResolvers<void>();
    runs.push(run);
    return run.promise;
  };
  const stop = startPeriodic(task, { firstMs: 10, everyMs: 100 }, ignore);
  await vi.advanceTimersByTimeAsync(10);
  expect(runs).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(runs).toHaveLength(1);
  runs[0]?.resolve();
  await vi.advanceTimersByTimeAsync(99);
  expect(runs).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(runs).toHaveLength(2);
  runs[1]?.resolve();
  await stop();
});

it('reports a failure and runs again', async () => {
  const errors: unknown[] = [];
  const failure = new Error('the database is unreachable');
  const stop = startPeriodic(
    () => {
      throw failure;
    },
    { everyMs: 100 },
    (error) => errors.push(error),
  );
  await vi.advanceTimersByTimeAsync(200);
  expect(errors).toEqual([failure, failure]);
  await stop();
});

it('stop resolves after the run under way, and none follows', async () => {
  const run = Promise.withResolvers<void>();
  let runs = 0;
  const stop = startPeriodic(
    () => {
      runs += 1;
      return run.promise;
    },
    { everyMs: 100 },
    ignore,
  );
  await vi.advanceTimersByTimeAsync(100);
  let hasStopped = false;
  const stopped = stop().then(() => {
    hasStopped = true;
  });
  await vi.advanceTimersByTimeAsync(0);
  expect(hasStopped).toBe(false);
  run.resolve();
  await stopped;
  await vi.advanceTimersByTimeAsync(1_000);
  expect(runs).toBe(1);
});
