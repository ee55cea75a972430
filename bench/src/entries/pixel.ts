import { setTimeout as wait } from 'node:timers/promises';
import type { Page } from '@playwright/test';
import { createReporter, type Reporter } from '@rondo/reporter';
import { BaseLoad, clients } from '../lib/base-load.ts';
import { signIn, withBrowser } from '../lib/browser.ts';
import { Crowd } from '../lib/crowd.ts';
import { atMost, type Context, type Entry, type Figure } from '../lib/figure.ts';
import { quantiles } from '../lib/quantiles.ts';
import { withServer } from '../lib/server.ts';
import { drained } from '../lib/ticks.ts';

const viewers = 20;
const eventsPerSecond = 2_000;
const roundMs = 200;

/** From the call in an FL server to the frame in which a person can see it. No other project publishes this figure. */
export const pixel: Entry = {
  name: 'pixel',
  about: `log call to pixel at ${eventsPerSecond} events/s and ${viewers} viewers, one of them a browser`,
  run: (context) =>
    withBrowser((browser) => Crowd.with(async (crowd) => measure(context, crowd, await browser.newPage()))),
};

const measure = ({ quick, say }: Context, crowd: Crowd, page: Page): Promise<Figure[]> =>
  withServer({}, async (server, rest) => {
    const apiKey = await rest.createKey('bench');
    const reporter = createReporter({ url: server.url, apiKey, name: 'pixel' });
    reporter.roundStarted({ round: 1, client_ids: clients });
    reporter.roundComplete({ round: 1, global_loss: 1 });
    await drained(reporter);
    await crowd.open({ url: server.url, token: rest.token, run_id: reporter.run_id, count: viewers - 1 });
    await signIn(page.context(), server.url);
    await page.addInitScript(stampFrames);
    await page.goto(`${server.url}/runs/${reporter.run_id}`);
    await page.locator('[data-testid="metrics-chart"][data-last-round="1"]').waitFor();

    const load = new BaseLoad(reporter, eventsPerSecond);
    await wait(3_000);
    const samples = quick ? 200 : 500;
    say(`${samples} rounds`);
    const before = load.count;
    const startedAt = performance.now();
    const reportedAt = await reportRounds(reporter, load, samples);
    const rate = (load.count - before + 2 * samples) / ((performance.now() - startedAt) / 1_000);
    await wait(2_000);
    load.stop();
    const shown = await page.evaluate<Shown[]>('globalThis.rondoShown');
    await reporter.close();
    const delays = delaysOf(reportedAt, shown);
    const [p50, p99, longest] = quantiles(delays, [0.5, 0.99, 1]);
    const note = `${delays.length} of ${samples} rounds, ${Math.round(rate)} events/s, longest ${Math.round(longest)} ms`;
    return [
      { name: 'log call to pixel: p50', value: p50, unit: 'ms', target: atMost(100), note },
      { name: 'log call to pixel: p99', value: p99, unit: 'ms', target: atMost(400) },
    ];
  });

/** Completes rounds; at which moment each was said to be complete. */
async function reportRounds(reporter: Reporter, load: BaseLoad, samples: number): Promise<Map<number, number>> {
  const reportedAt = new Map<number, number>();
  for (let round = 2; round < samples + 2; round++) {
    reporter.roundStarted({ round, client_ids: clients });
    load.round = round;
    // Out of step with whatever the server does 20 times a second.
    await wait(roundMs * (0.5 + Math.random()));
    reportedAt.set(round, Date.now());
    reporter.roundComplete({ round, global_loss: 1 / round, global_accuracy: 1 - 1 / round });
  }
  return reportedAt;
}

interface Shown {
  readonly round: number;
  readonly at: number;
}

/** From each report to the first frame whose chart has that round or, where frames were slower, a later one. */
function delaysOf(reportedAt: ReadonlyMap<number, number>, shown: readonly Shown[]): number[] {
  return [...reportedAt].flatMap(([round, at]) => {
    const frame = shown.find((each) => each.round >= round);
    return frame ? [frame.at - at] : [];
  });
}

// The chart's newest round, stamped by the frame that begins after the page was changed: what is in it by then has been
// drawn. The clock is the machine's, the same as the reporter's.
const stampFrames = `
  globalThis.rondoShown = [];
  let newest = -1;
  new MutationObserver(() => {
    const round = Number(document.querySelector('[data-testid="metrics-chart"]')?.dataset.lastRound ?? -1);
    if (round <= newest) return;
    newest = round;
    requestAnimationFrame(() => globalThis.rondoShown.push({ round, at: Date.now() }));
  }).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ['data-last-round'] });`;
