import { readFile } from 'node:fs/promises';
import { expect, test } from './test.ts';

test('a round shows every client, sorts them and gives them away as CSV', async ({
  signedIn: page,
  server,
  makeReporter,
}) => {
  const reporter = makeReporter();
  const clients = Array.from({ length: 2_000 }, (_, n) => `client-${n}`);
  reporter.roundStarted({ round: 1, client_ids: clients });
  clients.forEach((client_id, n) => {
    reporter.clientResult({ client_id, round: 1, sample_count: n, train_loss: n === 777 ? Number.NaN : n / 2_000 });
  });
  reporter.roundComplete({ round: 1, global_loss: 0.5 });
  await page.goto(`${server.url}/runs/${reporter.run_id}`);
  await page.getByTestId('recent-rounds').getByRole('link', { name: 'Round 1' }).click();
  const table = page.getByRole('table', { name: 'Clients of the round' });
  await expect(table).toHaveAttribute('aria-rowcount', '2001');
  expect(await table.getByRole('row').count()).toBeLessThan(60);
  await table.getByRole('button', { name: 'Samples' }).click();
  await table.getByRole('button', { name: 'Samples' }).click();
  await expect(table.getByRole('rowheader').first()).toHaveText('client-1999');
  await page.getByLabel('Search clients by name').fill('client-777');
  await expect(table.getByRole('row').nth(1)).toContainText('NaN');

  const started = page.waitForEvent('download');
  await page.getByRole('button', { name: 'CSV of all' }).click();
  const csv = await readFile(await (await started).path(), 'utf8');
  expect(csv.split('\r\n')).toHaveLength(2_001);
  expect(csv).toContain('client-777,complete,777,NaN');
});

test('a spike among many values is seen from afar, and zooming in asks for what is there', async ({
  signedIn: page,
  server,
  makeReporter,
}) => {
  const reporter = makeReporter();
  const steps = 20_000;
  for (let step = 0; step < steps; step++) reporter.metric('noise', step === 12_345 ? 9 : (step % 7) / 100, { step });
  await page.goto(`${server.url}/runs/${reporter.run_id}/series?name=noise`);
  const plot = page.locator('[data-total]');
  await expect(plot).toHaveAttribute('data-total', String(steps), { timeout: 20_000 });
  await expect(plot).toHaveAttribute('data-sampled', 'true');
  const slider = page.getByRole('slider');
  // By keyboard, from the end: every drawn value can be read, the spike among them.
  await expect(page.getByRole('status').filter({ hasText: 'lowest and highest' })).toBeVisible();
  const answer = await page.waitForResponse((response) => response.url().includes('/api/metrics/series'));
  const { value } = (await answer.json()) as { value: number[] };
  expect(Math.max(...value)).toBe(9);

  const box = await slider.boundingBox();
  if (!box) throw new Error('the chart has no place on the page');
  await page.mouse.move(box.x + box.width * 0.6, box.y + 100);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.65, box.y + 100, { steps: 5 });
  await page.mouse.up();
  await expect(plot).toHaveAttribute('data-sampled', 'false');
  expect(Number(await plot.getAttribute('data-total'))).toBeLessThan(2_000);
  await page.getByRole('button', { name: 'Reset zoom' }).click();
  await expect(plot).toHaveAttribute('data-total', String(steps));
});

test('the picker suggests the names that a client logged and those that its updates carry', async ({
  signedIn: page,
  server,
  makeReporter,
}) => {
  const reporter = makeReporter();
  reporter.roundStarted({ round: 1, client_ids: ['a'] });
  reporter.metric('batch_loss', 0.5, { step: 1, client_id: 'a' });
  reporter.clientResult({ client_id: 'a', round: 1, sample_count: 10, metrics: { f1: 0.5 } });
  reporter.roundComplete({ round: 1, global_loss: 0.5, metrics: { auc: 0.9 } });
  await reporter.close();
  await page.goto(`${server.url}/runs/${reporter.run_id}/metrics?name=global_loss`);
  const suggested = (name: string) => page.locator(`datalist option[value="${name}"]`);
  for (const name of ['auc', 'global_loss']) await expect(suggested(name)).toHaveCount(1);
  await page.getByLabel('Client').fill('a');
  for (const name of ['batch_loss', 'f1', 'sample_count']) await expect(suggested(name)).toHaveCount(1);
  await expect(suggested('auc')).toHaveCount(0);
});
