import { feed } from '../lib/feed.ts';
import { atMost, type Context, type Entry, type Figure } from '../lib/figure.ts';
import { withPostgres } from '../lib/postgres.ts';
import { quantiles } from '../lib/quantiles.ts';
import type { Rest } from '../lib/rest.ts';
import { type BenchServer, withServer } from '../lib/server.ts';

const zooms = 300;
const run_id = 'series';
const spikes = 100;

interface Series {
  readonly value: readonly (number | string)[];
  readonly total: number;
}

/** One long series: the first chart, then zooms of every width and place. */
export const series: Entry = {
  name: 'series',
  about: 'a series of 10,000,000 points over REST: the first chart, and any zoom',
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
  const points = quick ? 1_000_000 : 10_000_000;
  const label = `${database}, ${points.toLocaleString('en-US')} points`;
  say(`${label}: reporting them`);
  const reportedAt = performance.now();
  await feed(server.url, await rest.createKey('series'), pointsOf(points));
  const perSecond = Math.round((1_000 * points) / (performance.now() - reportedAt));
  const [first, whole] = await timed(rest, '');
  const lost = spikes - spikesOf(whole);
  const samples: number[] = [];
  let lostInZooms = 0;
  for (let n = 0; n < zooms; n++) {
    // From the whole down to a few hundred points, each width as likely as half of it.
    const width = Math.max(300, Math.floor(points * 2 ** (-Math.random() * 12)));
    const from = Math.floor(Math.random() * (points - width));
    const [ms, zoomed] = await timed(rest, `&from=${from}&to=${from + width}`);
    samples.push(ms);
    lostInZooms += spikesWithin(points, from, from + width) - spikesOf(zoomed);
  }
  const [p50, p95] = quantiles(samples, [0.5, 0.95]);
  return [
    {
      name: `${label}: first chart`,
      value: first,
      unit: 'ms',
      target: atMost(300),
      note: `reported at ${perSecond}/s`,
    },
    { name: `${label}: zoom, p50`, value: p50, unit: 'ms' },
    { name: `${label}: zoom, p95`, value: p95, unit: 'ms', target: atMost(60) },
    { name: `${label}: spikes not shown`, value: lost, unit: `of ${spikes}`, target: atMost(0) },
    { name: `${label}: spikes not shown by the zooms`, value: lostInZooms, unit: '', target: atMost(0) },
  ];
}

function* pointsOf(count: number): Iterable<object> {
  const at = '2026-01-01T00:00:00.000Z';
  for (let step = 0; step < count; step++) {
    // All different, so that each can be identified.
    const value = isSpike(step, count) ? 1_000 + step : Math.sin(step / 1_000) + Math.random();
    yield { type: 'metric', run_id, at, name: 'loss', step, value };
  }
}

const spikeStep = 77;
const spikesOf = ({ value }: Series): number => value.filter((each) => Number(each) >= 1_000).length;
const isSpike = (step: number, points: number): boolean => step % (points / spikes) === spikeStep;

function spikesWithin(points: number, from: number, to: number): number {
  const apart = points / spikes;
  return Array.from({ length: spikes }, (_, n) => n * apart + spikeStep).filter((step) => step >= from && step <= to)
    .length;
}

async function timed(rest: Rest, range: string): Promise<[number, Series]> {
  const startedAt = performance.now();
  const found = await rest.get(`/api/metrics/series?run_id=${run_id}&name=loss&max_points=2000${range}`);
  return [performance.now() - startedAt, found as Series];
}
