import { isTooWide, problems, themes } from './axe.ts';
import { expect, test } from './test.ts';

test('a run has tabs with an address each; old addresses lead to them', async ({
  signedIn: page,
  server,
  makeReporter,
}) => {
  const reporter = makeReporter({ name: 'edge fleet', config: { lr: 0.1, model: { layers: [64, 128] } } });
  for (let round = 2; round <= 40; round += 2) {
    reporter.roundStarted({ round, client_ids: ['a'] });
    reporter.log(round === 20 ? 'error' : 'info', `round ${round} \u001b[31mends\u001b[0m`);
    reporter.roundComplete({ round, global_loss: 1 / round });
  }
  const run = `${server.url}/runs/${reporter.run_id}`;
  await page.goto(`${server.url}/runs/${reporter.run_id}`);
  await expect(page.getByTestId('recent-rounds')).toContainText('newest 6 of 20');
  await expect(page).toHaveTitle(/^R40\/10 · running · edge fleet · Rondo$/);
  await expect(page.getByRole('link', { name: 'Runs' }).first()).toHaveAttribute('aria-current', 'page');

  const tabs = page.getByRole('navigation', { name: 'Pages of the run' });
  await tabs.getByRole('link', { name: 'Rounds' }).click();
  await expect(page).toHaveURL(`${run}/rounds`);
  await expect(page.getByRole('table', { name: 'Rounds of the run' })).toHaveAttribute('aria-rowcount', '21');
  await page.getByRole('searchbox').fill('20');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(`${run}/rounds/20`);
  // [B17] Only rounds that exist are offered.
  const steps = page.getByRole('navigation', { name: 'Rounds', exact: true });
  await expect(steps.getByRole('link')).toHaveText(['18', '22']);

  await tabs.getByRole('link', { name: 'Config' }).click();
  await page.getByRole('searchbox').fill('128');
  await expect(page.getByTestId('run-config')).toContainText('1 value found');
  await tabs.getByRole('link', { name: 'Log' }).click();
  await expect(page.getByRole('list', { name: 'Log' })).toContainText('round 40 ends');
  await page.getByLabel('Search messages').fill('round 20');
  await expect(page.getByRole('list', { name: 'Log' }).getByRole('listitem')).toHaveCount(1);

  await page.goto(`${run}/series?name=global_loss`);
  await expect(page).toHaveURL(`${run}/metrics?name=global_loss`);
  await page.goto(`${run}?tab=clients`);
  await expect(page).toHaveURL(`${run}/clients`);
});

test('[B2] a round with holes before it is found, however old it is', async ({
  signedIn: page,
  server,
  makeReporter,
}) => {
  const reporter = makeReporter({ num_rounds: 520 });
  for (let round = 2; round <= 520; round += 2) {
    reporter.roundStarted({ round, client_ids: ['a'] });
    reporter.roundComplete({ round, global_loss: 1 });
  }
  await reporter.close();
  for (const round of [2, 20, 100, 300]) {
    await page.goto(`${server.url}/runs/${reporter.run_id}/rounds/${round}`);
    await expect(page.getByTestId('round-facts')).toBeVisible();
  }
  await page.goto(`${server.url}/runs/${reporter.run_id}/rounds/21`);
  await expect(page.getByText('There is no round 21 in this run')).toBeVisible();
  // [B9] The count is what exists, not what the stream keeps.
  await page.goto(`${server.url}/runs/${reporter.run_id}`);
  await expect(page.getByTestId('recent-rounds')).toContainText('newest 6 of 260');
  await expect(page.getByTestId('metrics-chart')).toContainText('up to round 520 of 520');
});

test('[B6] End and Home in the client grid keep the focus', async ({ signedIn: page, server, makeReporter }) => {
  const reporter = makeReporter();
  reporter.roundStarted({ round: 1, client_ids: Array.from({ length: 1_000 }, (_, n) => `client-${n}`) });
  await page.goto(`${server.url}/runs/${reporter.run_id}`);
  const focused = () => page.evaluate('document.activeElement.dataset.client');
  await page.getByTestId('client-card').first().focus();
  await page.keyboard.press('End');
  await expect.poll(focused).toBe('client-999');
  await page.keyboard.press('Home');
  await expect.poll(focused).toBe('client-0');
});

test('[B7] a run that is over shows what became of its clients, not that they are offline', async ({
  signedIn: page,
  server,
  makeReporter,
}) => {
  const reporter = makeReporter();
  reporter.roundStarted({ round: 1, client_ids: ['a', 'b'] });
  reporter.clientResult({ client_id: 'a', round: 1, sample_count: 10 });
  reporter.clientFailed({ client_id: 'b', round: 1, reason: 'out of memory' });
  reporter.roundComplete({ round: 1, global_loss: 0.5 });
  reporter.runComplete({ status: 'complete' });
  await page.goto(`${server.url}/runs/${reporter.run_id}`);
  await expect(page.getByRole('button', { name: 'b: failed' })).toBeVisible();
  await expect(page.getByRole('button', { name: 'a: returned' })).toBeVisible();
  await expect(page.getByRole('region', { name: 'Clients online' })).toHaveCount(0);
  await expect(page.getByRole('heading', { level: 1 })).not.toContainText('Live');
});

test.describe('with a German browser', () => {
  test.use({ locale: 'de-DE' });
  test('[B16] numbers and dates follow the locale', async ({ signedIn: page, server, makeReporter }) => {
    const reporter = makeReporter();
    reporter.roundStarted({ round: 1, num_clients_expected: 10_000 });
    reporter.roundComplete({ round: 1, global_loss: 4.75 });
    await page.goto(`${server.url}/runs/${reporter.run_id}`);
    await expect(page.getByRole('region', { name: 'Global loss' })).toContainText('4,750');
    await expect(page.getByTestId('round-monitor')).toContainText('10.000 selected');
  });
});

test('[B11] [B18] long names widen no page, and ids of either direction are whole', async ({
  signedIn: page,
  server,
  makeReporter,
}) => {
  const reporter = makeReporter({
    name: `${'very-long-name-'.repeat(8)}`,
    framework: 'a-home-made-framework-with-quite-a-name',
    tags: ['t'.repeat(100), 'שלום-عليكم'],
  });
  reporter.roundStarted({ round: 1, client_ids: ['gw-001.plant-a', 'gw-002.plant-a', 'gw-003.plant-a'] });
  await page.goto(`${server.url}/runs/${reporter.run_id}`);
  await expect(page.getByTestId('client-card')).toHaveText(['001', '002', '003']);
  for (const width of [360, 768, 1_280]) {
    await page.setViewportSize({ width, height: 800 });
    for (const tab of ['', '/rounds', '/clients', '/metrics', '/models', '/log', '/config', '/rounds/1']) {
      await page.goto(`${server.url}/runs/${reporter.run_id}${tab}`);
      await expect(page.locator('main')).not.toBeEmpty();
      expect.soft(await page.evaluate(isTooWide), `${tab} at ${width}`).toBe(false);
    }
  }
});

for (const colorScheme of themes) {
  test(`axe finds nothing on the tabs of a run, ${colorScheme}`, async ({ signedIn: page, server, makeReporter }) => {
    const reporter = makeReporter({ config: { lr: 0.1, model: { layers: [64] } } });
    reporter.roundStarted({ round: 1, client_ids: ['a', 'b'] });
    reporter.log('warning', 'begins', { client_id: 'a' });
    reporter.clientFailed({ client_id: 'b', round: 1, reason: 'out of memory' });
    reporter.roundComplete({ round: 1, global_loss: 0.5 });
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    for (const [tab, testId] of [
      ['rounds', 'round-table'],
      ['clients', 'client-grid'],
      ['log', 'run-log'],
      ['config', 'run-config'],
      ['models', 'model-registry'],
    ] as const) {
      await page.goto(`${server.url}/runs/${reporter.run_id}/${tab}`);
      await expect(page.getByTestId(testId)).toBeVisible();
      expect.soft(await problems(page), tab).toEqual([]);
    }
  });
}
