import { join } from 'node:path';
import { atLeast, type Context, type Figure } from '../lib/figure.ts';
import { quantiles } from '../lib/quantiles.ts';
import { withServer } from '../lib/server.ts';
import { produce } from './ingest.ts';

const withoutAttention = join(import.meta.dirname, '../lib/without-attention.ts');
const clients = 500;
const producers = 20;
const pace = 10_000;

/**
 * The same ingest with and without the look at every run after its commits, in turn, so that both see the same noise
 * of the machine. The looks wait while reports wait, so flat out there are few; at a pace there is one a second.
 */
export async function attentionCost(context: Context): Promise<Figure[]> {
  const turns = context.quick ? 1 : 3;
  const found: Record<'with' | 'without', Measured[]> = { with: [], without: [] };
  for (let turn = 0; turn < turns; turn++) {
    // Now one, now the other comes first.
    for (const kind of turn % 2 === 0 ? (['without', 'with'] as const) : (['with', 'without'] as const)) {
      const measured = await once(context, kind === 'with' ? [] : [withoutAttention]);
      found[kind].push(measured);
      const { speed, p99, cpuUs } = measured;
      context.say(
        `${kind} attention: ${Math.round(speed)} results/s; at a pace p99 ${p99.toFixed(0)} ms, ${cpuUs.toFixed(0)} µs of CPU a commit`,
      );
    }
  }
  const all = (kind: 'with' | 'without', of: keyof Measured) => found[kind].map((each) => each[of]);
  const median = (kind: 'with' | 'without', of: keyof Measured) => quantiles(all(kind, of), [0.5])[0];
  const text = (kind: 'with' | 'without', of: keyof Measured) =>
    `${kind} ${all(kind, of)
      .map((value) => Math.round(value).toLocaleString('en-US'))
      .join(', ')}`;
  const both = (of: keyof Measured) => `${text('with', of)}; ${text('without', of)}`;
  return [
    {
      name: 'ingest with attention, of that without',
      value: (100 * median('with', 'speed')) / median('without', 'speed'),
      unit: '%',
      target: atLeast(97),
      note: `${both('speed')} results/s`,
    },
    {
      name: `ingest at ${pace.toLocaleString('en-US')}/s with attention: p99`,
      value: median('with', 'p99'),
      unit: 'ms',
      note: both('p99'),
    },
    {
      name: `attention, per commit of ${clients} results: CPU`,
      value: median('with', 'cpuUs') - median('without', 'cpuUs'),
      unit: 'µs',
      note: `of the server's ${both('cpuUs')}`,
    },
  ];
}

interface Measured {
  /** Results a second, flat out. */
  readonly speed: number;
  /** At a pace. */
  readonly p99: number;
  /** Of the whole server for one batch, at a pace. */
  readonly cpuUs: number;
}

const once = ({ quick }: Context, preload: readonly string[]): Promise<Measured> =>
  withServer({ preload }, async (server, rest) => {
    const job = { url: server.url, apiKey: await rest.createKey('bench'), producers, clients, warmUpMs: 2_000 };
    const measureMs = quick ? 4_000 : 7_000;
    const flatOut = await produce(server, { ...job, runs: ['flat-out'], measureMs, perSecond: null });
    const paced = await produce(server, { ...job, runs: ['paced'], measureMs, perSecond: pace });
    const { results, seconds, p99 } = paced.report;
    const cpuUs = ((paced.serverUsage?.process ?? Number.NaN) * 1e6 * seconds * clients) / results;
    return { speed: flatOut.report.results / flatOut.report.seconds, p99, cpuUs };
  });
