import { setTimeout as wait } from 'node:timers/promises';
import { createReporter } from '@rondo/reporter';
import { BaseLoad } from '../lib/base-load.ts';
import { signIn, withBrowser } from '../lib/browser.ts';
import { atMost, type Entry } from '../lib/figure.ts';
import { quantiles } from '../lib/quantiles.ts';
import { withServer } from '../lib/server.ts';
import { drained } from '../lib/ticks.ts';

const count = 10_000;
const perSecond = 2_000;

/** The live page of a large run while its clients report: how long each frame takes. */
export const manyClients: Entry = {
  name: 'many-clients',
  about: `the live page with ${count} clients, of which ${perSecond} a second report`,
  run: ({ quick, say }) =>
    withBrowser((browser) =>
      withServer({}, async (server, rest) => {
        const apiKey = await rest.createKey('bench');
        const reporter = createReporter({ url: server.url, apiKey, name: 'many clients' });
        const client_ids = Array.from({ length: count }, (_, n) => `client-${String(n).padStart(5, '0')}`);
        reporter.roundStarted({ round: 1, client_ids });
        await drained(reporter);
        const page = await browser.newPage({ bypassCSP: true, viewport: { width: 1_440, height: 900 } });
        await signIn(page.context(), server.url);
        await page.goto(`${server.url}/runs/${reporter.run_id}`);
        await page
          .getByText(client_ids[0] ?? '')
          .first()
          .waitFor({ timeout: 120_000 });
        const load = new BaseLoad(reporter, perSecond, client_ids);
        await wait(5_000);
        const seconds = quick ? 10 : 30;
        say(`${seconds} s of frames`);
        const before = load.count;
        const frames = await page.evaluate<number[]>(framesFor(seconds));
        const rate = (load.count - before) / seconds;
        load.stop();
        await drained(reporter);
        await reporter.close();
        const [p50, p95, longest] = quantiles(frames, [0.5, 0.95, 1]);
        return [
          {
            name: `${count.toLocaleString('en-US')} clients, ${perSecond.toLocaleString('en-US')} changes/s: frame p95`,
            value: p95,
            unit: 'ms',
            target: atMost(20),
            note: `p50 ${p50.toFixed(1)}, longest ${longest.toFixed(0)} ms, ${frames.length} frames at ${Math.round(rate)} changes/s`,
          },
        ];
      }),
    ),
};

const framesFor = (seconds: number) => `(async () => {
  const deltas = [];
  const next = () => new Promise(requestAnimationFrame);
  let before = await next();
  for (const until = before + ${seconds * 1_000}; before < until; ) {
    const now = await next();
    deltas.push(now - before);
    before = now;
  }
  return deltas;
})()`;
