import { setTimeout as wait } from 'node:timers/promises';
import { createReporter } from '@rondo/reporter';
import { Crowd } from '../lib/crowd.ts';
import { atLeast, atMost, type Context, type Entry, type Figure } from '../lib/figure.ts';
import { withServer } from '../lib/server.ts';
import { drained, reportTicks } from '../lib/ticks.ts';

// The shape of anycable/nodejs-websocket-bench: 2 messages a second, every link cut about every 15 s for 2 s.
const perSecond = 2;
const seconds = 60;
export const cut = { everyMs: 15_000, forMs: 2_000 };
/** Time for viewers cut at the end to reconnect and catch up. */
const settleMs = 6_000;

export const cuts: Entry = {
  name: 'cuts',
  about: `viewers whose link is cut every 15 s for 2 s, ${perSecond} messages/s, ${seconds} s`,
  run: (context) => Crowd.with((crowd) => measure(context, crowd, { count: context.quick ? 200 : 1_000, seconds })),
};

interface Shape {
  readonly count: number;
  readonly seconds: number;
}

export const measure = ({ say }: Context, crowd: Crowd, { count, seconds }: Shape): Promise<Figure[]> =>
  withServer({}, async (server, rest) => {
    const reporter = createReporter({ url: server.url, apiKey: await rest.createKey('bench'), name: 'cuts' });
    await drained(reporter);
    await crowd.open({ url: server.url, token: rest.token, run_id: reporter.run_id, count });
    say(`${count} viewers are connected; ${seconds} s of cuts`);
    crowd.cut(cut);
    const usage = crowd.watchUsage();
    const ticks = await reportTicks(reporter, { perSecond, seconds });
    const generator = usage();
    await drained(reporter);
    await wait(settleMs);
    const report = await crowd.report();
    await reporter.close();
    const troubles = Object.entries(report.troubles).map(([why, times]) => `${times} × ${why}`);
    return [
      {
        name: `${count} viewers: delivered in order`,
        value: (100 * (report.delivered - report.outOfOrder)) / (ticks * count),
        unit: '%',
        target: atLeast(100),
        note: [`${report.cuts} cuts, ${report.snapshots - count} snapshots instead of changes`, ...troubles].join('; '),
      },
      { name: `${count} viewers: p50`, value: report.p50, unit: 'ms' },
      {
        name: `${count} viewers: p99, the cut included`,
        value: report.p99,
        unit: 'ms',
        target: atMost(2_500),
        note: `longest ${Math.round(report.longest)} ms, generator CPU ${Math.round(100 * (generator?.process ?? 0))} %`,
      },
    ];
  });
