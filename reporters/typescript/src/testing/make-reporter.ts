import { setImmediate } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import type { Reporter } from '../api.ts';
import type { ReporterOptions } from '../options.ts';
import type { Problem } from '../problems.ts';
import { createReporter } from '../reporter.ts';
import { FakeClock } from './fake-clock.ts';
import { FakeIngest } from './fake-ingest.ts';

export interface Scene {
  readonly reporter: Reporter;
  readonly server: FakeIngest;
  readonly clock: FakeClock;
  readonly problems: Problem[];
}

/** A reporter with a server, a clock and no chance of its own. */
export function makeReporter(options: Partial<ReporterOptions> = {}): Scene {
  const server = new FakeIngest();
  const clock = new FakeClock();
  const problems: Problem[] = [];
  const reporter = createReporter({
    name: 'test',
    run_id: 'run-1',
    apiKey: 'key-for-tests',
    clock,
    random: () => 0.5,
    post: server.post,
    onProblem: (problem) => problems.push(problem),
    spoolDir: false,
    ...options,
  });
  onTestFinished(async () => {
    const closing = reporter.close({ timeoutMs: 0 });
    await clock.advance(1);
    await closing;
  });
  return { reporter, server, clock, problems };
}

export const range = (count: number, from = 0): number[] => Array.from({ length: count }, (_, index) => from + index);

/** Waits for a condition in other threads or sockets; the test's own time limit ends it. */
export async function until(isDone: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isDone())) await setImmediate();
}
