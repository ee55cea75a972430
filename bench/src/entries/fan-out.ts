import { setTimeout as wait } from 'node:timers/promises';
import { createReporter } from '@rondo/reporter';
import { Crowd } from '../lib/crowd.ts';
import type { Context, Entry, Figure } from '../lib/figure.ts';
import { notifications } from '../lib/notifications.ts';
import { withPostgres } from '../lib/postgres.ts';
import { quantiles } from '../lib/quantiles.ts';
import { type BenchServer, withServer } from '../lib/server.ts';
import { drained, reportTicks } from '../lib/ticks.ts';

const secretKey = 'the same on all servers of the benchmark';
const perSecond = 2;
/** A process may have 20,000 open files on many machines. */
const mostOnOne = 15_000;

/** Viewers over several servers of one PostgreSQL, and how many notifications PostgreSQL takes. */
export const fanOut: Entry = {
  name: 'fan-out',
  about: `1 to 20,000 viewers over 1, 2 and 4 servers, ${perSecond} updates a second to all; what LISTEN/NOTIFY takes`,
  isOnRequest: true,
  run: (context) =>
    withPostgres(async (databaseUrl) => {
      const figures = await notifications(databaseUrl, context.quick ? 2 : 5);
      for (const servers of [1, 2, 4]) figures.push(...(await over(context, databaseUrl, servers)));
      return figures;
    }),
};

/** Starts the servers one within the other, so that each is ended. */
function withServers<T>(
  databaseUrl: string,
  count: number,
  work: (servers: readonly BenchServer[]) => Promise<T>,
  servers: readonly BenchServer[] = [],
): Promise<T> {
  if (servers.length === count) return work(servers);
  return withServer({ databaseUrl, secretKey }, (server) =>
    withServers(databaseUrl, count, work, [...servers, server]),
  );
}

function over({ quick, say }: Context, databaseUrl: string, count: number): Promise<Figure[]> {
  const sizes = (quick ? [1, 1_000] : [1, 1_000, 5_000, 20_000]).filter((size) => size / count <= mostOnOne);
  return withServers(databaseUrl, count, async (servers) => {
    const figures: Figure[] = [];
    for (const size of sizes) {
      say(`${size.toLocaleString('en-US')} viewers over ${count}`);
      const figure = await watched(servers, size, quick ? 8 : 15);
      say(`p99 ${figure.value.toFixed(0)} ms, ${figure.note}`);
      figures.push(figure);
    }
    return figures;
  });
}

async function watched(servers: readonly BenchServer[], size: number, seconds: number): Promise<Figure> {
  const [first] = servers;
  if (!first) throw new Error('there is no server');
  const rest = await first.signIn();
  const reporter = createReporter({ url: first.url, apiKey: await rest.createKey('bench'), name: `fan-out ${size}` });
  await drained(reporter);
  const used = servers.slice(0, size);
  const withCrowds = (crowds: readonly Crowd[]): Promise<Figure> =>
    crowds.length < used.length ? Crowd.with((crowd) => withCrowds([...crowds, crowd])) : measure(crowds);
  const measure = async (crowds: readonly Crowd[]): Promise<Figure> => {
    const count = Math.floor(size / used.length);
    for (const [n, crowd] of crowds.entries()) {
      const { token } = await (used[n] as BenchServer).signIn();
      await crowd.open({ url: used[n]?.url ?? '', token, run_id: reporter.run_id, count });
    }
    const ticks = await reportTicks(reporter, { perSecond, seconds });
    await drained(reporter);
    await wait(5_000);
    const reports = await Promise.all(crowds.map((crowd) => crowd.report()));
    await reporter.close();
    const delivered = reports.reduce((sum, report) => sum + report.delivered - report.outOfOrder, 0);
    const [p99] = quantiles(
      reports.map((report) => report.p99),
      [1],
    );
    const [p50] = quantiles(
      reports.map((report) => report.p50),
      [1],
    );
    return {
      name: `${size.toLocaleString('en-US')} viewers over ${servers.length}: event to viewer, p99`,
      value: p99,
      unit: 'ms',
      note: `p50 ${p50.toFixed(0)} ms, ${((100 * delivered) / (ticks * count * used.length)).toFixed(1)} % in order`,
    };
  };
  return withCrowds([]);
}
