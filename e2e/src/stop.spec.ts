import type { Page } from '@playwright/test';
import { createReporter } from '@rondo/reporter';
import { Rest } from './rest.ts';
import { TestServer } from './server.ts';
import { expect, signIn, test } from './test.ts';

const state = (page: Page, scope = 'round') => page.locator(`[data-testid="stop-state"][data-scope="${scope}"]`);

async function ask(page: Page, submit: string, scope?: string) {
  await page.getByRole('button', { name: 'Stop…' }).click();
  if (scope !== undefined) await page.getByRole('radio', { name: scope }).check();
  await page.getByLabel('Reason').fill('a hospital asked for it');
  await page.getByRole('button', { name: submit }).click();
}

test('a stop is delivered, then applied; the next round begins without it', async ({
  signedIn: page,
  server,
  makeReporter,
}) => {
  let apply = () => {};
  const applied = new Promise<void>((done) => {
    apply = done;
  });
  const reporter = makeReporter({ onCommand: () => applied });
  reporter.roundStarted({ round: 1, client_ids: ['a', 'b'] });
  reporter.clientResult({ client_id: 'a', round: 1, sample_count: 10 });
  await page.goto(`${server.url}/runs/${reporter.run_id}`);
  await ask(page, 'Stop round 1');
  await expect(state(page)).toHaveAttribute('data-state', 'delivered');
  await expect(state(page)).toContainText('by admin');
  await expect(page.getByRole('button', { name: 'Stop…' })).toHaveCount(0);
  apply();
  await expect(state(page)).toHaveAttribute('data-state', 'applied');
  await expect(page.getByTestId('round-monitor')).toHaveAttribute('data-status', 'stopped');
  // What had come back stays in the account.
  await expect(page.getByTestId('round-monitor')).toContainText('1 returned');
  reporter.roundStarted({ round: 2, client_ids: ['a', 'b'] });
  await expect(page.getByTestId('round-monitor')).toHaveAttribute('data-round', '2');
  await expect(state(page)).toHaveCount(0);
});

test('a refused stop says why, and can be asked for again', async ({ signedIn: page, server, makeReporter }) => {
  let answers = 0;
  const reporter = makeReporter({
    onCommand: () => (++answers === 1 ? { state: 'rejected', detail: 'aggregation has begun' } : { state: 'applied' }),
  });
  reporter.roundStarted({ round: 1, client_ids: ['a', 'b'] });
  await page.goto(`${server.url}/runs/${reporter.run_id}`);
  await ask(page, 'Stop round 1');
  await expect(state(page)).toContainText('was refused: aggregation has begun');
  await page.getByRole('button', { name: 'Ask again…' }).click();
  await page.getByRole('button', { name: 'Stop round 1' }).click();
  await expect(state(page)).toHaveAttribute('data-state', 'applied');
});

test('the whole run is stopped where its FL server can do that; where it cannot, the page says so', async ({
  signedIn: page,
  server,
  makeReporter,
}) => {
  const able = makeReporter({
    commands_supported: ['stop_round', 'stop_run'],
    onCommand: () => ({ state: 'applied' }),
  });
  able.roundStarted({ round: 1, client_ids: ['a', 'b'] });
  await page.goto(`${server.url}/runs/${able.run_id}`);
  await ask(page, 'Stop the run', 'The whole run');
  await expect(state(page, 'run')).toHaveAttribute('data-state', 'applied');
  await expect(state(page, 'run')).toContainText('which now ends the run');
  able.runComplete({ status: 'stopped', reason: 'asked for' });
  await expect(state(page, 'run')).toContainText('was carried out');
  await expect(page.getByTestId('round-monitor')).toContainText('The run was stopped');

  const unable = makeReporter({ commands_supported: [] });
  unable.roundStarted({ round: 1, client_ids: ['a', 'b'] });
  await page.goto(`${server.url}/runs/${unable.run_id}`);
  await page.getByRole('button', { name: 'Stop…' }).click();
  const dialog = page.getByTestId('stop-dialog');
  await expect(dialog).toContainText('has not declared that it can close a single round early (stop_round)');
  await expect(dialog).toContainText('has not declared that it can end the whole run (stop_run)');
  await expect(dialog.getByRole('radio')).toHaveCount(0);
});

test('a stop that is never confirmed expires visibly', async ({ page }) => {
  const server = await TestServer.start({ COMMAND_EXPIRES_AFTER_S: '2' });
  try {
    const apiKey = await (await Rest.signIn(server)).createKey('expiry');
    const reporter = createReporter({
      url: server.url,
      apiKey,
      name: 'never answers',
      commands_supported: ['stop_round'],
      onCommand: () => new Promise(() => {}),
    });
    reporter.roundStarted({ round: 1, client_ids: ['a', 'b'] });
    await signIn(page, server);
    await page.goto(`${server.url}/runs/${reporter.run_id}`);
    await ask(page, 'Stop round 1');
    await expect(state(page)).toHaveAttribute('data-state', 'expired', { timeout: 15_000 });
    await expect(page.getByRole('button', { name: 'Ask again…' })).toBeVisible();
    await reporter.close();
  } finally {
    await server.stop();
  }
});
