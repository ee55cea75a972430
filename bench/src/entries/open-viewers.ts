import { setTimeout as wait } from 'node:timers/promises';
import { createReporter, type Reporter } from '@rondo/reporter';
import { Crowd } from '../lib/crowd.ts';
import { atMost, type Context, type Entry, type Figure } from '../lib/figure.ts';
import { type BenchServer, withServer } from '../lib/server.ts';
import { drained, reportTicks } from '../lib/ticks.ts';
import { residentBytes, watchUsage } from '../lib/usage.ts';

const perSecond = 10;
/** The first viewers make the server load code and grow its heap; that is not the price of a viewer. */
const first = 100;
const clients = Array.from({ length: 50 }, (_, n) => `client-${n}`);

export const openViewers: Entry = {
  name: 'viewers',
  about: `open viewers: memory of the server for each, then ${perSecond} updates a second to all`,
  run: (context) => Crowd.with((crowd) => Crowd.with((warmUp) => measure(context, crowd, warmUp))),
};

const measure = ({ quick, say }: Context, crowd: Crowd, warmUp: Crowd): Promise<Figure[]> =>
  withServer({}, async (server, rest) => {
    const count = quick ? 500 : 5_000;
    const seconds = quick ? 10 : 20;
    const reporter = createReporter({ url: server.url, apiKey: await rest.createKey('bench'), name: 'viewers' });
    await reportSomeRounds(reporter);
    const job = { url: server.url, token: rest.token, run_id: reporter.run_id };
    await warmUp.open({ ...job, count: first });
    const before = await settledBytes(server);
    await crowd.open({ ...job, count });
    const perViewer = ((await settledBytes(server)) - before) / count / 1_024;
    say(`${count} viewers are connected; ${perSecond} updates a second`);

    const ofServer = watchUsage(server.pid);
    const ofCrowd = crowd.watchUsage();
    const ticks = await reportTicks(reporter, { perSecond, seconds });
    const usage = { server: ofServer(), crowd: ofCrowd() };
    await drained(reporter);
    await wait(2_000);
    const report = await crowd.report();
    await reporter.close();
    const percent = (cores = 0) => `${Math.round(100 * cores)} %`;
    const missing = ticks * count - report.delivered;
    return [
      { name: `${count} viewers: memory of each`, value: perViewer, unit: 'KiB', target: atMost(25) },
      { name: `${count} viewers: fan-out p50`, value: report.p50, unit: 'ms', note: 'from report() to arrival' },
      {
        name: `${count} viewers: fan-out p99`,
        value: report.p99,
        unit: 'ms',
        target: atMost(250),
        note: `CPU: server ${percent(usage.server?.process)}, generator ${percent(usage.crowd?.process)}; ${missing} missing`,
      },
    ];
  });

/** A run as viewers meet it. */
async function reportSomeRounds(reporter: Reporter): Promise<void> {
  for (let round = 1; round <= 20; round++) {
    reporter.roundStarted({ round, client_ids: clients });
    for (const client_id of clients) reporter.clientResult({ client_id, round, sample_count: 100, train_loss: 1 });
    reporter.roundComplete({ round, global_loss: 1 / round });
  }
  await drained(reporter);
}

async function settledBytes(server: BenchServer): Promise<number> {
  await wait(2_000);
  await server.settle();
  // The allocator gives pages back with some delay.
  await wait(1_000);
  return residentBytes(server.pid);
}
