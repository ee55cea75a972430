import type { Page } from '@playwright/test';
import { createReporter } from '@rondo/reporter';
import { Rest } from './rest.ts';
import { expect, signIn, test } from './test.ts';

const status = (page: Page) => page.getByTestId('connection-status');

/** Presses every control of the page in turn, and returns what was pressed and what left the page empty. */
const pressAll = `(async () => {
  const path = location.pathname;
  const frames = async (count) => {
    for (let at = 0; at < count; at++) await new Promise((done) => requestAnimationFrame(done));
  };
  const controls = () =>
    [...document.querySelectorAll('button:not([disabled]), a[href], summary')].filter(
      (each) => each.getClientRects().length > 0 && each.target !== '_blank' && !each.hasAttribute('download'),
    );
  const pressed = [];
  const blank = [];
  for (let at = 0; at < controls().length && at < 60; at++) {
    const control = controls()[at];
    const name = control.getAttribute('aria-label') ?? control.textContent;
    control.click();
    await frames(2);
    pressed.push(name);
    const isThere = document.querySelector('[data-testid="connection-status"]') !== null;
    if (!isThere || document.querySelector('main').innerText.length === 0) blank.push(name);
    document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }));
    if (location.pathname !== path) history.back();
    for (let tries = 0; location.pathname !== path && tries < 60; tries++) await frames(1);
    await frames(1);
  }
  return { pressed, blank };
})()`;

test('[B1] no control of any page blanks the page while the server is away', async ({
  signedIn: page,
  server,
  makeReporter,
}) => {
  test.setTimeout(300_000);
  const reporter = makeReporter();
  reporter.roundStarted({ round: 1, client_ids: ['a', 'b'] });
  reporter.clientResult({ client_id: 'a', round: 1, sample_count: 10, train_loss: 0.5 });
  reporter.roundComplete({ round: 1, global_loss: 0.5 });
  reporter.roundStarted({ round: 2, client_ids: ['a', 'b'] });
  const run = `/runs/${reporter.run_id}`;
  const tabs = ['', '/rounds', '/clients', '/metrics', '/models', '/log', '/config', '/rounds/1'].map(
    (tab) => run + tab,
  );
  const pages = [
    '/',
    ...tabs,
    '/runs',
    '/models',
    ...['account', 'users', 'keys', 'audit'].map((name) => `/settings/${name}`),
  ];
  const pressed: string[] = [];
  for (const path of pages) {
    await page.goto(server.url + path);
    await expect(status(page)).toHaveAttribute('data-state', 'live', { timeout: 30_000 });
    await expect(page.locator('main')).not.toBeEmpty();
    await page.context().setOffline(true);
    const result = await page.evaluate<{ pressed: string[]; blank: string[] }>(pressAll);
    expect.soft(result.blank, path).toEqual([]);
    pressed.push(...result.pressed);
    await page.context().setOffline(false);
  }
  // Without controls the test would prove nothing.
  expect(pressed.length).toBeGreaterThan(pages.length * 8);
});

test('[B1] a dialog that cannot be loaded says so in its place, keeps what is shown, and opens when the server is back', async ({
  page,
  ownServer,
}) => {
  const apiKey = await (await Rest.signIn(ownServer)).createKey('blank');
  const reporter = createReporter({ url: ownServer.url, apiKey, name: 'blank', commands_supported: ['stop_round'] });
  reporter.roundStarted({ round: 1, client_ids: ['a', 'b'] });
  await signIn(page, ownServer);
  // What an idle browser fetches before is kept away, so that the dialog is needed for the first time.
  let isAway = true;
  await page.route('**/assets/StopDialog*', (route) => (isAway ? route.abort() : route.continue()));
  await page.goto(`${ownServer.url}/runs/${reporter.run_id}`);
  await expect(page.getByTestId('round-monitor')).toHaveAttribute('data-round', '1');
  await ownServer.kill();
  await page.getByRole('button', { name: 'Stop…' }).click();
  const failure = page.getByRole('region', { name: 'The stop dialog' });
  await expect(failure).toHaveAttribute('data-reason', 'unreachable');
  await expect(failure).toContainText('This part could not be loaded. The server cannot be reached');
  await expect(page.getByTestId('round-monitor')).toBeVisible();
  await expect(status(page)).toHaveAttribute('data-state', 'stale');
  isAway = false;
  await ownServer.start();
  await expect(page.getByTestId('stop-dialog')).toBeVisible({ timeout: 30_000 });
  await reporter.close();
});

test('[B1] an old tab learns that a new version is running, and keeps its address', async ({
  signedIn: page,
  server,
}) => {
  await page.goto(`${server.url}/runs`);
  await expect(page.getByRole('heading', { name: 'Runs', level: 1 })).toBeVisible();
  await page.route('**/assets/**', (route) => route.fulfill({ status: 404, body: 'gone' }));
  await page.getByRole('link', { name: 'Models' }).click();
  const failure = page.getByTestId('part-failure');
  await expect(failure).toContainText('A new version is running. Reload');
  await expect(page).toHaveURL(`${server.url}/models`);
  await expect(status(page)).toHaveAttribute('data-state', 'live');
  await page.unroute('**/assets/**');
  await failure.getByRole('button', { name: 'Reload' }).click();
  await expect(page.getByRole('heading', { name: 'Models', level: 1 })).toBeVisible();
  await expect(page).toHaveURL(`${server.url}/models`);
});
