import { roundEvents } from '../generators/round-events.ts';
import { feed } from '../lib/feed.ts';
import { atMost, type Context, type Entry, type Figure } from '../lib/figure.ts';
import { multiply } from '../lib/multiply.ts';
import { quantiles } from '../lib/quantiles.ts';
import { BenchServer, withDataDir, withServer } from '../lib/server.ts';
import { residentBytes } from '../lib/usage.ts';
import { bytesOf } from '../peers/folder.ts';
import { produce } from './ingest.ts';

const clients = ['a', 'b', 'c'];
const run_id = 'growth';
/** Rounds that are reported, one request each, at every size. */
const measured = 200;
const kibi = 1_024;

/** What the millionth round costs beside the first, and what a start costs with as many. */
export const growth: Entry = {
  name: 'growth',
  about: 'the cost of a round, a page and a start, at a thousand rounds and at a million',
  isOnRequest: true,
  run: (context) => rounds(context),
};

/** The rows of `clients` and `client_updates` that a new result does not touch must not cost it anything. */
export const otherClients: Entry = {
  name: 'other-clients',
  about: 'ingest into one run beside a million clients of other runs',
  isOnRequest: true,
  run: (context) => besideOthers(context),
};

interface AtSize {
  readonly startMs: number;
  readonly residentMiB: number;
  readonly databaseMiB: number;
  readonly roundMs: number;
  readonly slowestMs: number;
  readonly pageMs: number;
}

const rounds = ({ quick, say }: Context): Promise<Figure[]> =>
  withDataDir(async (dataDir) => {
    const sizes = quick ? [1_000, 20_000, 100_000] : [1_000, 10_000, 100_000, 1_000_000];
    const found: AtSize[] = [];
    for (const size of sizes) {
      if (found.length > 0) await multiply({ dataDir }, { rounds: size, of: run_id });
      const at = await measure(dataDir, size);
      say(
        `${size.toLocaleString('en-US')} rounds: a round ${at.roundMs.toFixed(1)} ms, start ${(at.startMs / 1_000).toFixed(1)} s, ${at.residentMiB.toFixed(0)} MiB resident, database ${at.databaseMiB.toFixed(0)} MiB`,
      );
      found.push(at);
    }
    const [first, last] = [found[0] as AtSize, found.at(-1) as AtSize];
    const all = (of: keyof AtSize, digits = 1) => found.map((at) => at[of].toFixed(digits)).join(', ');
    const at = `at ${sizes.map((size) => size.toLocaleString('en-US')).join(', ')} rounds`;
    return [
      {
        name: 'a round, one request: p50 at the end ÷ at the beginning',
        value: last.roundMs / first.roundMs,
        unit: '×',
        target: atMost(1.2),
        note: `${all('roundMs')} ms ${at}; longest ${all('slowestMs', 0)}`,
      },
      { name: 'start of the server', value: last.startMs, unit: 'ms', note: `${all('startMs', 0)} ms ${at}` },
      { name: 'resident after it', value: last.residentMiB, unit: 'MiB', note: `${all('residentMiB', 0)} MiB ${at}` },
      { name: 'first page of rounds, p50', value: last.pageMs, unit: 'ms', note: `${all('pageMs')} ms ${at}` },
      { name: 'database', value: last.databaseMiB, unit: 'MiB', note: `${all('databaseMiB', 0)} MiB ${at}` },
    ];
  });

async function measure(dataDir: string, size: number): Promise<AtSize> {
  const began = performance.now();
  const server = await BenchServer.start({ dataDir });
  try {
    const startMs = performance.now() - began;
    const rest = await server.signIn();
    const apiKey = await rest.createKey('growth');
    const residentMiB = residentBytes(server.pid) / kibi / kibi;
    const first = (await newest(rest)) + 1;
    // What only the first size still needs.
    if (first < size - measured) await feed(server.url, apiKey, roundEvents(run_id, clients, first, size - measured));
    const samples: number[] = [];
    const next = (await newest(rest)) + 1;
    for (let n = 0; n < measured; n++) {
      const startedAt = performance.now();
      await feed(server.url, apiKey, roundEvents(run_id, clients, next + n, next + n));
      samples.push(performance.now() - startedAt);
    }
    const pages: number[] = [];
    for (let n = 0; n < 50; n++) {
      const startedAt = performance.now();
      await rest.get(`/api/runs/${run_id}/rounds?limit=50`);
      pages.push(performance.now() - startedAt);
    }
    const [roundMs, slowestMs] = quantiles(samples.slice(20), [0.5, 1]);
    const [pageMs] = quantiles(pages.slice(10), [0.5]);
    const databaseMiB = (await bytesOf(dataDir)) / kibi / kibi;
    return { startMs, residentMiB, databaseMiB, roundMs, slowestMs, pageMs };
  } finally {
    await server.stop();
  }
}

async function newest(rest: { get: (path: string) => Promise<unknown> }): Promise<number> {
  const { items } = (await rest.get(`/api/rounds?run_id=${run_id}&limit=1`)) as { items: { round: number }[] };
  return items[0]?.round ?? 0;
}

const clientsOfRun = 10_000;

async function besideOthers({ quick, say }: Context): Promise<Figure[]> {
  const runs = quick ? 10 : 100;
  return withDataDir(async (dataDir) => {
    const shape = { producers: 20, clients: 500, warmUpMs: 2_000, measureMs: quick ? 5_000 : 10_000, perSecond: null };
    const speed = (name: string) =>
      withServer({ dataDir }, async (server, rest) => {
        const apiKey = await rest.createKey(name);
        if (name === 'before') await feed(server.url, apiKey, oneRun());
        const { report } = await produce(server, { ...shape, url: server.url, apiKey, runs: [name] });
        return report.results / report.seconds;
      });
    const before = await speed('before');
    say(`${(runs * clientsOfRun).toLocaleString('en-US')} clients are copied`);
    await multiply({ dataDir }, { runs, from: 1, apartS: 60 });
    const after = await speed('after');
    return [
      {
        name: `ingest beside ${(runs * clientsOfRun).toLocaleString('en-US')} clients of other runs, of that beside 10,000`,
        value: (100 * after) / before,
        unit: '%',
        note: `${Math.round(before).toLocaleString('en-US')}, then ${Math.round(after).toLocaleString('en-US')} results/s`,
      },
    ];
  });
}

function* oneRun(): Iterable<object> {
  const ids = Array.from({ length: clientsOfRun }, (_, n) => `client-${n}`);
  const about = { run_id: 'run-0', at: new Date(Date.UTC(2026, 0, 1)).toISOString() };
  yield { type: 'run_started', ...about, name: 'nightly-0', framework: 'bench' };
  yield { type: 'round_started', ...about, round: 1, client_ids: ids };
  for (const client_id of ids)
    yield { type: 'client_result', ...about, round: 1, client_id, sample_count: 100, train_loss: 1 };
  yield { type: 'round_complete', ...about, round: 1, global_loss: 1 };
}
