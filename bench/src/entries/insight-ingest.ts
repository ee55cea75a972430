import { join } from 'node:path';
import { atLeast, type Context, type Figure } from '../lib/figure.ts';
import { quantiles } from '../lib/quantiles.ts';
import { withServer } from '../lib/server.ts';
import { produce } from './ingest.ts';

const withoutAttention = join(import.meta.dirname, '../lib/without-attention.ts');
const clients = 500;
const producers = 20;

/**
 * The same ingest with and without the look at every run after its commits, in turn, so that both see the same noise
 * of the machine. The looks wait while reports wait, so flat out there are few; at a pace there is one a second.
 */
export async function attentionCost(context: Context): Promise<Figure[]> {
  const turns = context.quick ? 1 : 3;
  const [speeds, waits] = [
    { with: [] as number[], without: [] as number[] },
    { with: [] as number[], without: [] as number[] },
  ];
  for (let turn = 0; turn < turns; turn++) {
    // Now one, now the other comes first.
    for (const kind of turn % 2 === 0 ? (['without', 'with'] as const) : (['with', 'without'] as const)) {
      const { speed, p99 } = await once(context, kind === 'with' ? [] : [withoutAttention]);
      speeds[kind].push(speed);
      waits[kind].push(p99);
      context.say(`${kind} attention: ${Math.round(speed)} results/s, p99 at a pace ${p99.toFixed(0)} ms`);
    }
  }
  const median = (values: number[]) => quantiles(values, [0.5])[0] ?? Number.NaN;
  const all = (values: readonly number[]) => values.map((value) => Math.round(value)).join(', ');
  const [fast, slow] = [median(speeds.without), median(speeds.with)];
  return [
    {
      name: 'ingest with attention, of that without',
      value: (100 * slow) / fast,
      unit: '%',
      target: atLeast(97),
      note: `with ${all(speeds.with)}; without ${all(speeds.without)} results/s`,
    },
    {
      name: 'ingest at 10,000/s with attention: p99',
      value: median(waits.with),
      unit: 'ms',
      note: `without ${median(waits.without).toFixed(0)} ms; with ${all(waits.with)}; without ${all(waits.without)}`,
    },
  ];
}

const once = ({ quick }: Context, preload: readonly string[]) =>
  withServer({ preload }, async (server, rest) => {
    const job = { url: server.url, apiKey: await rest.createKey('bench'), producers, clients, warmUpMs: 3_000 };
    const measureMs = quick ? 6_000 : 12_000;
    const flatOut = await produce(server, { ...job, runs: ['flat-out'], measureMs, perSecond: null });
    const paced = await produce(server, { ...job, runs: ['paced'], measureMs, perSecond: 10_000 });
    return { speed: flatOut.report.results / flatOut.report.seconds, p99: paced.report.p99 };
  });
