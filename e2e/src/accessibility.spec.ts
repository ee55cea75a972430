import { isTooWide, problems, themes } from './axe.ts';
import { expect, test } from './test.ts';

for (const colorScheme of themes) {
  test(`axe finds nothing on the login page, ${colorScheme}`, async ({ page, server }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.goto(`${server.url}/login`);
    await expect(page.getByTestId('login-form')).toBeVisible();
    expect(await problems(page)).toEqual([]);
  });

  test(`axe finds nothing on the live page and the list of runs, ${colorScheme}`, async ({
    signedIn: page,
    server,
    makeReporter,
  }) => {
    const reporter = makeReporter();
    reporter.roundStarted({ round: 1, client_ids: ['a', 'b', 'c', 'd'] });
    reporter.clientResult({ client_id: 'a', round: 1, sample_count: 10, train_loss: 0.5 });
    reporter.clientFailed({ client_id: 'b', round: 1, reason: 'out of memory' });
    reporter.clientNoReply({ client_id: 'c', round: 1 });
    reporter.clientResult({ client_id: 'd', round: 1, sample_count: 10, train_loss: 0.5 });
    reporter.roundComplete({ round: 1, global_loss: 0.6, global_accuracy: 0.7 });
    reporter.roundStarted({ round: 2, client_ids: ['a', 'b', 'c', 'd'] });
    reporter.clientStatus({ client_id: 'a', round: 2, status: 'training', progress: 0.4 });

    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.goto(`${server.url}/runs/${reporter.run_id}`);
    await expect(page.getByTestId('round-monitor')).toHaveAttribute('data-round', '2');
    await expect(page.getByTestId('client-card')).toHaveCount(4);
    expect(await problems(page)).toEqual([]);

    await page.goto(`${server.url}/runs`);
    await expect(page.getByRole('heading', { name: 'Runs', level: 1 })).toBeVisible();
    expect(await problems(page)).toEqual([]);
  });
}

test('is usable at 360 px: nothing scrolls sideways', async ({ signedIn: page, server, makeReporter }) => {
  const reporter = makeReporter({ name: 'a run with quite a long name, as they have in real life' });
  const clients = Array.from({ length: 50 }, (_, n) => `hospital-${n}`);
  reporter.roundStarted({ round: 1, client_ids: clients });
  reporter.roundComplete({ round: 1, global_loss: 0.6, global_accuracy: 0.7 });
  reporter.roundStarted({ round: 2, client_ids: clients });
  await page.setViewportSize({ width: 360, height: 740 });
  await page.goto(`${server.url}/runs/${reporter.run_id}`);
  await expect(page.getByTestId('round-monitor')).toHaveAttribute('data-round', '2');
  expect(await page.evaluate(isTooWide)).toBe(false);
  await page.goto(`${server.url}/runs`);
  await expect(page.getByRole('heading', { name: 'Runs', level: 1 })).toBeVisible();
  expect(await page.evaluate(isTooWide)).toBe(false);
  await page.context().clearCookies();
  await page.goto(`${server.url}/login`);
  await expect(page.getByTestId('login-form')).toBeVisible();
  expect(await page.evaluate(isTooWide)).toBe(false);
});
