import { join } from 'node:path';
import type { ProducersJob, ProducersReport } from '../generators/producers.ts';
import { bareLoop } from '../lib/bare-loop.ts';
import { messageOf, startNode } from '../lib/children.ts';
import { atLeast, atMost, type Context, type Entry, type Figure } from '../lib/figure.ts';
import { withPostgres } from '../lib/postgres.ts';
import { quantiles } from '../lib/quantiles.ts';
import type { Rest } from '../lib/rest.ts';
import { type BenchServer, withServer } from '../lib/server.ts';
import { type Usage, watchUsage } from '../lib/usage.ts';

const producers = 20;
const clients = 500;
const promised = 50_000;
/** The bare loop and the ingest are measured so often, in turn. */
const turns = 3;
/** Rounds whose rows are read one by one; the others are checked by their account. */
const roundsReadWhole = 200;

/** Durable ingest: the figures of a store that answers after its commit. */
export const ingest: Entry = {
  name: 'ingest',
  about: `${producers} producers, one batch = one round of ${clients} client results, acknowledged after commit`,
  run: async (context) => {
    const one = await onEmbedded(context, 1);
    const eight = await onEmbedded(context, 8);
    if (!context.postgres) return [...one, ...eight];
    const real = await withPostgres(async (databaseUrl) => {
      const figures: Figure[] = [];
      for (const runs of [1, 8])
        figures.push(
          ...(await withServer({ databaseUrl }, (server, rest) =>
            measure(context, server, rest, { database: 'PostgreSQL', runs, databaseUrl }),
          )),
        );
      return figures;
    });
    return [...one, ...eight, ...real];
  },
};

interface Variant {
  readonly database: string;
  readonly runs: number;
  /** Of the embedded database the bare loop has one of its own. */
  readonly databaseUrl?: string;
}

const onEmbedded = (context: Context, runs: number) =>
  withServer({ profileFolder: context.profileFolder }, (server, rest) =>
    measure(context, server, rest, { database: 'embedded', runs }),
  );

/**
 * At full speed for the throughput, then at four fifths of it for the latency. At full speed 20 × 500 results are
 * always in flight, and their queueing time is arithmetic (10,000 at 50,000/s are 200 ms), not a server property.
 */
async function measure(context: Context, server: BenchServer, rest: Rest, variant: Variant): Promise<Figure[]> {
  const label = `${variant.database}, ${variant.runs === 1 ? '1 run' : `${variant.runs} runs`}`;
  const shape = { url: server.url, apiKey: await rest.createKey('bench'), producers, clients, warmUpMs: 3_000 };
  const runsOf = (name: string) => Array.from({ length: variant.runs }, (_, n) => `${name}-${n}`);
  const measureMs = context.quick ? 8_000 : 15_000;

  const limits: number[] = [];
  const speeds: number[] = [];
  const acknowledged: Record<string, readonly number[]> = {};
  let flatOut: Produced | undefined;
  // In turn, so that both have the same neighbours.
  for (let turn = 0; turn < turns; turn++) {
    limits.push(await bareLoop({ ...variant, clients, warmUpMs: 2_000, measureMs: measureMs / 2 }));
    flatOut = await produce(server, { ...shape, measureMs, runs: runsOf(`flat-out-${turn}`), perSecond: null });
    speeds.push(flatOut.report.results / flatOut.report.seconds);
    Object.assign(acknowledged, flatOut.report.acknowledged);
    context.say(`${label}: bare loop ${Math.round(limits[turn] ?? 0)}/s, ingest ${Math.round(speeds[turn] ?? 0)}/s`);
  }
  if (!flatOut) throw new Error('nothing was measured');
  const [speed] = quantiles(speeds, [0.5]);
  const [limit] = quantiles(limits, [0.5]);
  const ratios = speeds.map((each, turn) => each / (limits[turn] ?? Number.NaN));
  const perSecond = Math.round(Math.min(promised, speed * 0.8));
  context.say(`${label}: ${Math.round(speed)} results/s; now ${perSecond} results/s`);
  const paced = await produce(server, { ...shape, measureMs, runs: runsOf('paced'), perSecond });
  context.say('counting what is stored');
  const { lost, doubled } = await compare(rest, { ...acknowledged, ...paced.report.acknowledged });
  return [
    {
      name: `${label}: acknowledged results`,
      value: speed,
      unit: '/s',
      target: atLeast(promised),
      note: `${spread(speeds)}; ${describe(flatOut)}`,
    },
    { name: `${label}: bare loop, the same rows`, value: limit, unit: '/s', note: spread(limits) },
    {
      name: `${label}: ingest ÷ bare loop`,
      value: quantiles(ratios, [0.5])[0],
      unit: '',
      target: atLeast(0.8),
      note: spread(ratios),
    },
    ...latencies(`${label}, flat out`, flatOut.report),
    ...latencies(`${label}, at ${perSecond.toLocaleString('en-US')}/s`, paced.report, describe(paced)),
    { name: `${label}: lost`, value: lost, unit: 'results', target: atMost(0) },
    { name: `${label}: doubled`, value: doubled, unit: 'results', target: atMost(0) },
  ];
}

/** Of figures that were measured in turn. */
function spread(figures: readonly number[]): string {
  const text = (value: number) => (value < 10 ? value.toFixed(2) : Math.round(value).toLocaleString('en-US'));
  return `median of ${figures.length}, ${text(Math.min(...figures))} to ${text(Math.max(...figures))}`;
}

const latencies = (label: string, { p50, p99, longest }: ProducersReport, note?: string): Figure[] => [
  { name: `${label}: p50`, value: p50, unit: 'ms', ...(note && { note }) },
  { name: `${label}: p99`, value: p99, unit: 'ms', target: atMost(100), note: `longest ${Math.round(longest)} ms` },
];

export async function produce(server: BenchServer, job: ProducersJob): Promise<Produced> {
  const child = startNode([join(import.meta.dirname, '../generators/producers.ts')], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    serialization: 'advanced', // JSON has no NaN, which is the quantile of nothing.
  });
  try {
    const longestMs = job.warmUpMs + job.measureMs + 60_000;
    const measuring = messageOf(child, 'measuring', longestMs);
    const measured = messageOf(child, 'measured', longestMs);
    const done = messageOf<ProducersReport>(child, 'done', longestMs);
    child.send(job);
    await measuring;
    const ofServer = watchUsage(server.pid);
    const ofGenerator = watchUsage(child.pid ?? 0);
    await measured;
    const usages = { serverUsage: ofServer(), generatorUsage: ofGenerator() };
    return { report: await done, ...usages };
  } finally {
    child.kill('SIGKILL');
  }
}

interface Produced {
  readonly report: ProducersReport;
  readonly serverUsage: Usage | null;
  readonly generatorUsage: Usage | null;
}

function describe({ report, serverUsage: server, generatorUsage: generator }: Produced): string {
  const refusals = Object.entries(report.refusals).map(([why, times]) => `${times} × ${why}`);
  if (!server || !generator) return refusals.join('; ');
  const percent = (cores: number) => `${Math.round(100 * cores)} %`;
  const usage = `CPU: server ${percent(server.process)} (main ${percent(server.mainThread)}, next thread ${percent(server.nextThread)}), generator ${percent(generator.process)}`;
  const each = (1e6 * server.process * report.seconds) / report.results;
  return [usage, `${each.toFixed(1)} µs of the server's CPU a result`, ...refusals].join('; ');
}

/** Compares stored with acknowledged events. */
async function compare(
  rest: Rest,
  acknowledged: ProducersReport['acknowledged'],
): Promise<{ lost: number; doubled: number }> {
  let lost = 0;
  let doubled = 0;
  for (const [run_id, numbers] of Object.entries(acknowledged)) {
    const stored = new Map((await rest.rounds(run_id)).map((round) => [round.round, round]));
    const stride = Math.max(1, Math.floor((numbers.length * Object.keys(acknowledged).length) / roundsReadWhole));
    for (const [index, number] of numbers.entries()) {
      const round = stored.get(number);
      lost += Math.max(0, clients - (round?.num_clients_completed ?? 0));
      doubled += Math.max(0, (round?.num_clients_completed ?? 0) - clients);
      if (!round || index % stride !== 0) continue;
      const complete = (await rest.updatesOf(round.round_id)).filter(({ outcome }) => outcome === 'complete');
      const distinct = new Set(complete.map(({ client_id }) => client_id)).size;
      lost += clients - distinct;
      doubled += complete.length - distinct;
    }
  }
  return { lost, doubled };
}
