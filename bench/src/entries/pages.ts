import { roundEvents } from '../generators/round-events.ts';
import { feed } from '../lib/feed.ts';
import type { Context, Entry, Figure } from '../lib/figure.ts';
import { withPostgres } from '../lib/postgres.ts';
import { quantiles } from '../lib/quantiles.ts';
import type { Rest } from '../lib/rest.ts';
import { type BenchServer, withServer } from '../lib/server.ts';

const clients = Array.from({ length: 500 }, (_, n) => `client-${String(n).padStart(3, '0')}`);
const times = 200;
const run_id = 'pages';

/** The first page of every list, with few further rows and with many. */
export const pages: Entry = {
  name: 'pages',
  about: 'lists and details over REST, at 1,000 and at 1,000,000 client updates',
  run: async (context) => {
    const embedded = await withServer({}, (server, rest) => measure(context, server, rest, 'embedded'));
    if (!context.postgres) return embedded;
    const real = await withPostgres((databaseUrl) =>
      withServer({ databaseUrl }, (server, rest) => measure(context, server, rest, 'PostgreSQL')),
    );
    return [...embedded, ...real];
  },
};

async function measure({ quick, say }: Context, server: BenchServer, rest: Rest, database: string): Promise<Figure[]> {
  const apiKey = await rest.createKey('pages');
  const rounds = quick ? 200 : 2_000;
  await feed(server.url, apiKey, roundEvents(run_id, clients, 1, 2));
  const few = await latencies(rest, await detailOf(rest));
  say(`${database}: reporting ${(rounds * clients.length).toLocaleString('en-US')} client updates`);
  await feed(server.url, apiKey, roundEvents(run_id, clients, 3, rounds));
  const many = await latencies(rest, await detailOf(rest));
  return many.flatMap(({ name, p50, p95 }, n): Figure[] => [
    {
      name: `${database}, ${(rounds * clients.length).toLocaleString('en-US')} updates: ${name}, p50`,
      value: p50,
      unit: 'ms',
      note: `at 1,000 updates: p50 ${few[n]?.p50.toFixed(1)}, p95 ${few[n]?.p95.toFixed(1)} ms`,
    },
    { name: `… ${name}, p95`, value: p95, unit: 'ms' },
  ]);
}

async function detailOf(rest: Rest): Promise<string> {
  const { items } = (await rest.get(`/api/rounds?run_id=${run_id}&limit=1`)) as { items: { round_id: number }[] };
  return `/api/rounds/${items[0]?.round_id}`;
}

async function latencies(rest: Rest, detail: string) {
  const paths = [
    ['rounds of all runs', '/api/rounds'],
    ['rounds of a run', `/api/rounds?run_id=${run_id}`],
    ['clients of all runs, 20', '/api/clients?limit=20'],
    ['clients of a run, 20', `/api/clients?run_id=${run_id}&limit=20`],
    ["a client's history, 20", `/api/clients/${clients[7]}/history?limit=20`],
    ['a round with its 500 parts', detail],
  ] as const;
  const measured: { name: string; p50: number; p95: number }[] = [];
  for (const [name, path] of paths) {
    const samples: number[] = [];
    for (let n = 0; n < times; n++) {
      const startedAt = performance.now();
      await rest.get(path);
      samples.push(performance.now() - startedAt);
    }
    // The first requests pay for code that is not warm yet, which is not the database's cost.
    const [p50, p95] = quantiles(samples.slice(20), [0.5, 0.95]);
    measured.push({ name, p50, p95 });
  }
  return measured;
}
