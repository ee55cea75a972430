import { startDemo } from './demo.ts';
import { expect, markPage, test } from './test.ts';

test('Dashboard shows correct round progress % in real-time', async ({
  signedIn: page,
  server,
  makeReporter,
  rest,
}) => {
  const reporter = makeReporter();
  const clients = ['a', 'b', 'c', 'd'];
  await page.goto(`${server.url}/runs/${reporter.run_id}`);
  reporter.roundStarted({ round: 1, client_ids: clients });
  await expect(page.getByTestId('round-monitor')).toHaveAttribute('data-round', '1');
  const progress = page.getByTestId('round-progress');
  await expect(progress).toHaveAttribute('aria-valuemax', '4');
  const isSamePage = await markPage(page);

  for (const [index, client_id] of clients.entries()) {
    await expect(progress).toHaveAttribute('aria-valuenow', String(index));
    reporter.clientResult({ client_id, round: 1, sample_count: 10, train_loss: 0.5 });
    await expect(progress).toHaveAttribute('aria-valuenow', String(index + 1));
    const [round] = await rest.rounds(reporter.run_id);
    expect(round?.progress_percent).toBe(25 * (index + 1));
  }
  reporter.roundComplete({ round: 1, global_loss: 0.4, global_accuracy: 0.8 });
  await expect(page.getByTestId('round-monitor')).toHaveAttribute('data-status', 'complete');
  expect(await isSamePage()).toBe(true);
});

test('Metrics chart updates live as rounds complete', async ({ signedIn: page, server }) => {
  const demo = startDemo(server, '--pace', '8', '--rounds', '40');
  try {
    await page.goto(server.url);
    const chart = page.getByTestId('metrics-chart');
    const points = async () => Number(await chart.getAttribute('data-points'));
    await expect.poll(points).toBeGreaterThan(0);
    const isSamePage = await markPage(page);
    const first = await points();
    const lastRound = async () => Number(await chart.getAttribute('data-last-round'));
    const firstRound = await lastRound();
    await expect.poll(points, { timeout: 20_000 }).toBeGreaterThanOrEqual(first + 5);
    await expect.poll(lastRound, { timeout: 20_000 }).toBeGreaterThanOrEqual(firstRound + 5);
    await expect(chart.locator('canvas').first()).toBeVisible();
    expect(await isSamePage()).toBe(true);
  } finally {
    await demo.stop();
  }
});

test('an admin stops a round: the FL server hears of it, and the page says so', async ({
  signedIn: page,
  server,
  makeReporter,
}) => {
  const reporter = makeReporter({
    onCommand: ({ round, reason }) => reporter.roundStopped({ round: round ?? 0, reason }),
  });
  reporter.roundStarted({ round: 1, client_ids: ['a', 'b'] });
  await page.goto(`${server.url}/runs/${reporter.run_id}`);
  await page.getByRole('button', { name: 'Stop…' }).click();
  await page.getByLabel('Reason').fill('a hospital asked for it');
  await page.getByRole('button', { name: 'Stop round 1' }).click();
  await expect(page.getByTestId('round-monitor')).toHaveAttribute('data-status', 'stopped');
  await expect(page.getByTestId('round-monitor')).toContainText('a hospital asked for it');
});
