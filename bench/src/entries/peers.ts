import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atLeast, atMost, type Context, type Entry, type Figure, Skipped } from '../lib/figure.ts';
import { withPostgres } from '../lib/postgres.ts';
import { quantiles } from '../lib/quantiles.ts';
import { mlflow } from '../peers/mlflow.ts';
import { type Opened, type Peer, type RunningPeer, spikes, type Written } from '../peers/peer.ts';
import { sqlite, trackio } from '../peers/python-stores.ts';
import { rondo, rondoResults } from '../peers/rondo.ts';
import { tensorboard } from '../peers/tensorboard.ts';
import { victoria } from '../peers/victoria.ts';

const turns = 3;

/** The same work for Rondo and what people use instead, in turn, on the same cores. */
export const peers: Entry = {
  name: 'peers',
  about: 'MLflow, TensorBoard, trackio, VictoriaMetrics and SQLite beside Rondo: batches of 1,000 values, 8 producers',
  isOnRequest: true,
  run: async (context) => {
    const all = [rondo(), rondoResults, mlflow(), tensorboard, trackio, sqlite, victoria];
    const figures = await compare(context, all);
    if (!context.postgres) return figures;
    return withPostgres((one) =>
      withPostgres(async (other) => [...figures, ...(await compare(context, [rondo(one), mlflow(other)]))]),
    );
  },
};

class Measured {
  readonly written: Written[] = [];
  opened: Opened | undefined;
  bytesPerValue = Number.NaN;
  readonly peer: Peer;
  readonly running: RunningPeer;
  readonly folder: string;

  constructor(peer: Peer, running: RunningPeer, folder: string) {
    this.peer = peer;
    this.running = running;
    this.folder = folder;
  }

  get speeds(): number[] {
    return this.written.map(({ values, seconds }) => values / seconds);
  }
}

async function compare({ quick, say }: Context, chosen: readonly Peer[]): Promise<Figure[]> {
  const seconds = quick ? 4 : 10;
  const points = quick ? 200_000 : 1_000_000;
  const measured: Measured[] = [];
  const skipped: Figure[] = [];
  try {
    for (const peer of chosen) {
      const folder = await mkdtemp(join(tmpdir(), 'rondo-bench-peer-'));
      await chmod(folder, 0o755);
      say(`starting ${peer.name}`);
      try {
        measured.push(new Measured(peer, await peer.start(folder), folder));
      } catch (error) {
        await rm(folder, { recursive: true, force: true });
        if (!(error instanceof Skipped)) throw error;
        say(`${peer.name} is skipped: ${error.message}`);
        skipped.push({ name: `${peer.name}: skipped`, value: Number.NaN, unit: '', note: error.message });
      }
    }
    const before = await Promise.all(measured.map(({ running }) => running.bytes()));
    for (let turn = 0; turn < turns; turn++) {
      for (const one of turn % 2 === 0 ? measured : measured.toReversed()) {
        const found = await one.running.write(seconds);
        one.written.push(found);
        say(`${one.peer.name}: ${Math.round(found.values / found.seconds)} values/s, p99 ${found.p99.toFixed(0)} ms`);
      }
    }
    for (const [n, one] of measured.entries()) {
      const values = one.written.reduce((sum, each) => sum + each.values, 0);
      one.bytesPerValue = ((await one.running.bytes()) - (before[n] ?? 0)) / values;
      if (!one.running.openSeries) continue;
      say(`${one.peer.name}: a series of ${points.toLocaleString('en-US')} points`);
      one.opened = await one.running.openSeries(points);
    }
  } finally {
    for (const { running, folder } of measured) {
      await running.close();
      await rm(folder, { recursive: true, force: true });
    }
  }
  const [reference] = measured;
  return [...measured.flatMap((one) => figuresOf(one, reference)), ...skipped];
}

const median = (values: readonly number[]) => quantiles(values, [0.5])[0];
const range = (values: readonly number[], digits = 0) => {
  const text = (value: number) => value.toLocaleString('en-US', { maximumFractionDigits: digits });
  return `${text(Math.min(...values))} to ${text(Math.max(...values))}`;
};

function figuresOf(one: Measured, reference: Measured | undefined): Figure[] {
  const { peer, written, speeds, opened, bytesPerValue } = one;
  const p99s = written.map(({ p99 }) => p99);
  const figures: Figure[] = [
    {
      name: `${peer.name}: values`,
      value: median(speeds),
      unit: '/s',
      note: `${range(speeds)}; forced: ${peer.forced}`,
    },
    {
      name: '… a batch acknowledged, p99',
      value: median(p99s),
      unit: 'ms',
      note: `p50 ${median(written.map(({ p50 }) => p50)).toFixed(1)} ms`,
    },
    { name: '… stored, logs excluded', value: bytesPerValue, unit: 'bytes/value' },
  ];
  if (peer.name === 'Rondo, client results')
    figures.push({
      name: '… results',
      value: median(speeds) / 2,
      unit: '/s',
      note: 'two of their values are counted above',
    });
  if (opened)
    figures.push({
      name: '… a long series opened',
      value: opened.ms,
      unit: 'ms',
      note: `${opened.points} points, ${opened.spikes} of ${spikes} spikes${opened.note ? `; ${opened.note}` : ''}`,
    });
  if (!reference || reference === one || peer.name.startsWith('Rondo')) return figures;
  const ratios = reference.speeds.map((speed, turn) => speed / (speeds[turn] ?? Number.NaN));
  const isPromised = peer.name.startsWith('MLflow');
  figures.push({
    name: `… ${reference.peer.name} ÷ it, values/s`,
    value: median(ratios),
    unit: '×',
    ...(isPromised && { target: atLeast(10) }),
    note: range(ratios, 2),
  });
  const shares = reference.written.map(({ p99 }, turn) => p99 / (p99s[turn] ?? Number.NaN));
  figures.push({
    name: `… ${reference.peer.name} ÷ it, p99`,
    value: median(shares),
    unit: '×',
    ...(isPromised && { target: atMost(0.1) }),
    note: range(shares, 2),
  });
  return figures;
}
