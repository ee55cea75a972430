import { setTimeout as wait } from 'node:timers/promises';
import { quantiles } from '../lib/quantiles.ts';
import { Viewer, type ViewerOptions } from './viewer.ts';

/** Many viewers, in a process of their own. */
export interface ViewersJob extends ViewerOptions {
  readonly type: 'open';
  readonly count: number;
}

/** From now on each viewer loses its link every `everyMs`, at a moment of its own, and is back after `forMs`. */
export interface CutOrder {
  readonly type: 'cut';
  readonly everyMs: number;
  readonly forMs: number;
}

export interface ReportOrder {
  readonly type: 'report';
}

export interface ViewersReport {
  readonly type: 'report';
  /** Ticks that came in order, of all viewers. */
  readonly delivered: number;
  readonly outOfOrder: number;
  readonly p50: number;
  readonly p99: number;
  readonly longest: number;
  readonly cuts: number;
  readonly snapshots: number;
  readonly troubles: Readonly<Record<string, number>>;
}

// Connections being opened at a time: a crowd, not a flood.
const openAtOnce = 50;

const viewers: Viewer[] = [];
let cuts = 0;
let isCutting = false;

process.on('message', (order: ViewersJob | CutOrder | ReportOrder) => void obey(order));
process.on('disconnect', () => process.exit());

async function obey(order: ViewersJob | CutOrder | ReportOrder): Promise<void> {
  switch (order.type) {
    case 'open':
      return open(order);
    case 'cut':
      isCutting = true;
      for (const viewer of viewers) void keepCutting(viewer, order);
      return;
    case 'report':
      isCutting = false;
      process.send?.(report());
      return;
    default:
      order satisfies never;
  }
}

async function open({ count, ...options }: ViewersJob): Promise<void> {
  const queue = Array.from({ length: count }, () => new Viewer(options));
  viewers.push(...queue);
  const openNext = async () => {
    for (let viewer = queue.pop(); viewer; viewer = queue.pop()) await viewer.connect();
  };
  await Promise.all(Array.from({ length: openAtOnce }, openNext));
  process.send?.({ type: 'opened' });
}

async function keepCutting(viewer: Viewer, { everyMs, forMs }: CutOrder): Promise<void> {
  await wait(Math.random() * everyMs);
  while (isCutting) {
    viewer.cut();
    cuts++;
    await wait(forMs);
    await viewer.connect();
    await wait(everyMs - forMs);
  }
}

function report(): ViewersReport {
  const latencies = viewers.flatMap((viewer) => viewer.latencies);
  const [p50, p99, longest] = quantiles(latencies, [0.5, 0.99, 1]);
  const troubles: Record<string, number> = {};
  for (const why of viewers.flatMap((viewer) => viewer.troubles)) troubles[why] = (troubles[why] ?? 0) + 1;
  const sum = (of: (viewer: Viewer) => number) => viewers.reduce((total, viewer) => total + of(viewer), 0);
  return {
    type: 'report',
    delivered: latencies.length,
    outOfOrder: sum((viewer) => viewer.outOfOrder),
    p50,
    p99,
    longest,
    cuts,
    snapshots: sum((viewer) => viewer.snapshots),
    troubles,
  };
}
