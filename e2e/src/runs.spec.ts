import type { Browser, Page } from '@playwright/test';
import { isTooWide, problems } from './axe.ts';
import type { TestServer } from './server.ts';
import { expect, markPage, signIn, test } from './test.ts';

async function another(browser: Browser, server: TestServer): Promise<Page> {
  const page = await (await browser.newContext()).newPage();
  await signIn(page, server);
  return page;
}

test('an admin names, tags and annotates a run, and who watches it elsewhere sees it at once', async ({
  signedIn: page,
  server,
  browser,
  makeReporter,
}) => {
  const reporter = makeReporter({ name: 'before' });
  reporter.roundStarted({ round: 1, client_ids: ['a'] });
  const elsewhere = await another(browser, server);
  await elsewhere.goto(`${server.url}/runs/${reporter.run_id}`);
  await expect(elsewhere.getByTestId('run-picker')).toContainText('before');
  const isSamePage = await markPage(elsewhere);

  // The list shows tags where there is room.
  await page.setViewportSize({ width: 1920, height: 900 });
  await page.goto(`${server.url}/runs`);
  const row = page.getByTestId('run-table').getByRole('row').filter({ hasText: 'before' });
  await row.getByRole('button', { name: 'Edit before' }).click();
  const dialog = page.getByTestId('edit-run');
  await dialog.getByLabel('Name').fill('after');
  await dialog.getByLabel(/^Tags/).fill('baseline, non-iid');
  await dialog.getByLabel('Notes').fill('with the data of May');
  expect(await problems(page)).toEqual([]);
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(dialog).toBeHidden();

  const changed = page.getByTestId('run-table').getByRole('row').filter({ hasText: 'after' });
  await expect(changed.getByRole('button', { name: 'baseline' })).toBeVisible();
  await expect(changed.getByRole('button', { name: 'non-iid' })).toBeVisible();
  await expect(changed).toContainText('with the data of May');
  await expect(elsewhere.getByTestId('run-picker')).toContainText('after');
  // On a narrower page the header has no room for tags.
  await elsewhere.setViewportSize({ width: 1600, height: 900 });
  await expect(elsewhere.getByRole('list', { name: 'Tags' })).toHaveText('#baseline#non-iid');
  await expect(elsewhere.getByRole('region', { name: 'Notes' })).toContainText('with the data of May');
  expect(await isSamePage()).toBe(true);
  expect(await problems(elsewhere)).toEqual([]);
  await elsewhere.setViewportSize({ width: 390, height: 844 });
  expect(await elsewhere.evaluate(isTooWide)).toBe(false);
  await page.setViewportSize({ width: 390, height: 844 });
  expect(await page.evaluate(isTooWide)).toBe(false);
  await elsewhere.context().close();
});

test('a deleted run leaves the list, and its viewers read that it was deleted, with ways on', async ({
  signedIn: page,
  server,
  browser,
  makeReporter,
}) => {
  const reporter = makeReporter({ name: 'to be deleted' });
  reporter.roundStarted({ round: 1, client_ids: ['a'] });
  reporter.roundComplete({ round: 1, global_loss: 0.5 });
  reporter.runComplete({ status: 'complete' });
  await reporter.close();
  const address = `${server.url}/runs/${reporter.run_id}`;
  const elsewhere = await another(browser, server);
  await elsewhere.goto(address);
  await expect(elsewhere.getByTestId('round-monitor')).toHaveAttribute('data-round', '1');

  await page.goto(address);
  await page.getByRole('button', { name: 'Edit to be deleted' }).click();
  await page.getByRole('button', { name: 'Delete this run…' }).click();
  const question = page.getByTestId('confirm-dialog');
  await expect(question).toContainText('Delete to be deleted?');
  await expect(question).not.toContainText('still running');
  await question.getByRole('button', { name: 'Delete the run' }).click();
  await expect(page).toHaveURL(`${server.url}/runs`);
  await expect(page.getByTestId('run-table')).not.toContainText('to be deleted');

  const news = elsewhere.getByText('The run “to be deleted” was deleted');
  await expect(news).toBeVisible();
  await expect(elsewhere.getByTestId('connection-status')).toHaveAttribute('data-state', 'missing');
  await expect(elsewhere.getByTestId('round-monitor')).toHaveCount(0);
  expect(await problems(elsewhere)).toEqual([]);
  // It is asked for again and again, and the news stays.
  await elsewhere.waitForEvent('websocket');
  await expect(news).toBeVisible();
  const other = makeReporter({ name: 'the next one' });
  other.roundStarted({ round: 1, client_ids: ['a'] });
  await elsewhere.getByRole('link', { name: 'Follow the newest run' }).click();
  await expect(elsewhere.getByTestId('run-picker')).toContainText('the next one');
  await expect(elsewhere.getByTestId('connection-status')).toHaveAttribute('data-state', 'live');
  await elsewhere.context().close();
});
