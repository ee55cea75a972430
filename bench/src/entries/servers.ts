import { setTimeout as wait } from 'node:timers/promises';
import { createReporter } from '@rondo/reporter';
import { BaseLoad } from '../lib/base-load.ts';
import { Crowd } from '../lib/crowd.ts';
import { atMost, type Context, type Entry, type Figure } from '../lib/figure.ts';
import { withPostgres } from '../lib/postgres.ts';
import type { Rest } from '../lib/rest.ts';
import { type BenchServer, withServer } from '../lib/server.ts';
import { drained, reportTicks } from '../lib/ticks.ts';
import { produce } from './ingest.ts';

const secretKey = 'the same on both servers of the benchmark';
const viewers = 20;
const eventsPerSecond = 500;
const perSecond = 10;

/** Cost and benefit of a second server, on one PostgreSQL with default settings. */
export const servers: Entry = {
  name: 'servers',
  about: `two servers on one PostgreSQL: event to ${viewers} viewers of the other, ingest through one and through both`,
  run: (context) =>
    withPostgres((databaseUrl) =>
      withServer({ databaseUrl, secretKey }, (one, rest) =>
        withServer({ databaseUrl, secretKey }, async (other) => [
          ...(await latencies(context, 'the same server', one, one, rest)),
          ...(await latencies(context, 'the other server', one, other, rest)),
          ...(await rates(context, [one, other], rest)),
        ]),
      ),
    ),
};

const latencies = ({ quick, say }: Context, label: string, reported: BenchServer, watched: BenchServer, rest: Rest) =>
  Crowd.with(async (crowd): Promise<Figure[]> => {
    const reporter = createReporter({ url: reported.url, apiKey: await rest.createKey('bench'), name: label });
    await drained(reporter);
    await crowd.open({ url: watched.url, token: rest.token, run_id: reporter.run_id, count: viewers });
    const load = new BaseLoad(reporter, eventsPerSecond);
    const seconds = quick ? 10 : 30;
    say(`viewers of ${label}, ${seconds} s`);
    const ticks = await reportTicks(reporter, { perSecond, seconds });
    load.stop();
    await drained(reporter);
    await wait(1_000);
    const report = await crowd.report();
    await reporter.close();
    const delivered = (100 * (report.delivered - report.outOfOrder)) / (ticks * viewers);
    const troubles = Object.entries(report.troubles).map(([why, times]) => `${times} × ${why}`);
    const note = [`${delivered.toFixed(1)} % in order, longest ${Math.round(report.longest)} ms`, ...troubles].join(
      '; ',
    );
    return [
      { name: `event to viewer of ${label}: p50`, value: report.p50, unit: 'ms', target: atMost(100), note },
      { name: `event to viewer of ${label}: p99`, value: report.p99, unit: 'ms', target: atMost(400) },
    ];
  });

async function rates(
  { quick, say }: Context,
  both: readonly [BenchServer, BenchServer],
  rest: Rest,
): Promise<Figure[]> {
  const apiKey = await rest.createKey('bench');
  const measureMs = quick ? 8_000 : 15_000;
  const shape = { apiKey, clients: 500, warmUpMs: 3_000, measureMs, perSecond: null };
  const speedOf = async (name: string, used: readonly BenchServer[]) => {
    const made = await Promise.all(
      used.map((server, n) => {
        const runs = [`${name}-${n}-a`, `${name}-${n}-b`];
        return produce(server, { ...shape, url: server.url, producers: 20 / used.length, runs });
      }),
    );
    const refused = made.flatMap(({ report }) => Object.entries(report.refusals).map(([why, n]) => `${n} × ${why}`));
    const value = made.reduce((sum, { report }) => sum + report.results / report.seconds, 0);
    const longest = Math.max(...made.map(({ report }) => report.p99));
    say(`${name}: ${Math.round(value)} results/s`);
    const note = [`p99 ${Math.round(longest)} ms`, ...refused].join('; ');
    return { name: `ingest, ${name}`, value, unit: 'results/s', note };
  };
  return [await speedOf('1 server', both.slice(0, 1)), await speedOf('2 servers', both)];
}
