import { setImmediate, setTimeout as wait } from 'node:timers/promises';
import { createReporter, type Reporter } from '@rondo/reporter';
import { atMost, type Entry, type Figure } from '../lib/figure.ts';
import { quantiles } from '../lib/quantiles.ts';
import { withServer } from '../lib/server.ts';

const warmUpCalls = 5_000;
// 10,000 calls a second: a busy simulation, not a loop that does nothing else.
const burst = 100;
const everyMs = 10;

// Enough that the reporter never waits for us, far from a full queue.
const ahead = 20_000;
const atOnce = 1_000;

/** The cost of a call for the training, including the spooling and sending that interrupt it in the same process. */
export const logCall: Entry = {
  name: 'log-call',
  about: 'one call of the reporter while it spools and delivers, and how many events it brings',
  run: ({ quick }) =>
    withServer({}, async (server, rest) => {
      const reporter = createReporter({ url: server.url, apiKey: await rest.createKey('bench'), name: 'log-call' });
      const calls = quick ? 30_000 : 100_000;
      const figures = [
        ...(await measure('metric()', calls, (n) => reporter.metric('loss', 1 / (n + 1), { step: n }))),
        ...(await measure('clientResult()', calls, (n) => sayResult(reporter, n))),
        ...(await measure('log()', calls, (n) => reporter.log('info', `step ${n} done`))),
      ];
      const per_second = await measureSustained(reporter, quick ? 3_000 : 10_000);
      const { dropped, rejected, queued } = await reporter.close({ timeoutMs: 10_000 });
      return [
        ...figures,
        { name: 'sustained, one reporter', value: per_second, unit: 'events/s' },
        { name: 'dropped, rejected or left', value: dropped + rejected + queued, unit: 'events', target: atMost(0) },
      ];
    }),
};

/** The server's throughput while there is always more to send. */
async function measureSustained(reporter: Reporter, ms: number): Promise<number> {
  while (reporter.stats().queued > 0) await wait(everyMs);
  const before = reporter.stats().acknowledged;
  const startedAt = performance.now();
  for (let step = 0; performance.now() - startedAt < ms; ) {
    const more = Math.min(atOnce, ahead - reporter.stats().queued);
    for (let n = 0; n < more; n++, step++) reporter.metric('sustained', step / 7, { step });
    await setImmediate();
  }
  const seconds = (performance.now() - startedAt) / 1_000;
  return (reporter.stats().acknowledged - before) / seconds;
}

const sayResult = (reporter: Reporter, n: number) =>
  reporter.clientResult({
    client_id: `client-${n % 500}`,
    round: 1 + Math.floor(n / 500),
    sample_count: 100,
    train_loss: 1 / (n + 1),
    metrics: { accuracy: 0.5 },
    duration_ms: 900,
  });

async function measure(name: string, calls: number, call: (n: number) => void): Promise<Figure[]> {
  const microseconds: number[] = [];
  for (let n = 0; n < warmUpCalls + calls; n++) {
    const before = process.hrtime.bigint();
    call(n);
    const after = process.hrtime.bigint();
    if (n >= warmUpCalls) microseconds.push(Number(after - before) / 1_000);
    if (n % burst === 0) await wait(everyMs);
  }
  const [p50, p99, longest] = quantiles(microseconds, [0.5, 0.99, 1]);
  return [
    { name: `${name}: p50`, value: p50, unit: 'µs' },
    {
      name: `${name}: p99`,
      value: p99,
      unit: 'µs',
      target: atMost(20),
      note: `longest ${(longest / 1_000).toFixed(1)} ms`,
    },
  ];
}
