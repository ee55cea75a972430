import type { Browser, Page } from '@playwright/test';
import { createReporter } from '@rondo/reporter';
import type { TestServer } from './server.ts';
import { expect, test } from './test.ts';

const password = 'a rondo comes round again';
let count = 0;
const newName = (kind: string) => `${kind}-${++count}-${process.pid}`;

async function addUser(page: Page, server: TestServer, username: string) {
  await page.goto(`${server.url}/settings/users`);
  await page.getByRole('button', { name: 'Add a user' }).click();
  const dialog = page.getByTestId('add-user');
  await dialog.getByLabel('Username').fill(username);
  await dialog.getByLabel(/^Password/).fill(password);
  await dialog.getByRole('button', { name: 'Add the user' }).click();
  await expect(dialog).toBeHidden();
  await expect(page.locator(`[data-user="${username}"]`)).toContainText('viewer');
}

async function signInAs(browser: Browser, server: TestServer, username: string, secret = password): Promise<Page> {
  const page = await (await browser.newContext()).newPage();
  await page.goto(`${server.url}/login`);
  await page.getByLabel('Username').fill(username);
  await page.getByLabel('Password').fill(secret);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByTestId('connection-status')).toHaveAttribute('data-state', 'live');
  return page;
}

/** When it came. Polling for it would measure the pauses between the polls. */
const timed = () => Date.now();

test('an admin adds a viewer, who sees everything and can change nothing', async ({
  signedIn: page,
  server,
  browser,
  makeReporter,
}) => {
  const reporter = makeReporter();
  reporter.roundStarted({ round: 1, client_ids: ['a', 'b'] });
  const username = newName('viewer');
  await addUser(page, server, username);
  const viewer = await signInAs(browser, server, username);
  await viewer.goto(`${server.url}/runs/${reporter.run_id}`);
  await expect(viewer.getByTestId('round-monitor')).toHaveAttribute('data-round', '1');
  await expect(viewer.getByRole('button', { name: 'Stop…' })).toHaveCount(0);
  await viewer.goto(`${server.url}/settings/users`);
  await expect(viewer).toHaveURL(/\/settings\/account$/);
  await expect(viewer.getByRole('navigation', { name: 'Settings' }).getByRole('link')).toHaveText([
    'Account',
    'Alerts',
  ]);
  await viewer.context().close();
});

test('a user who is disabled is thrown out at once, and cannot sign in again', async ({
  signedIn: page,
  server,
  browser,
}) => {
  const username = newName('thrown-out');
  await addUser(page, server, username);
  const viewer = await signInAs(browser, server, username);
  await page.getByRole('button', { name: `Edit ${username}` }).click();
  await page.getByRole('checkbox', { name: /Disabled/ }).check();
  const answered = page.waitForResponse((response) => response.request().method() === 'PATCH').then(timed);
  const thrownOut = viewer.waitForURL(/\/login$/).then(timed);
  await page.getByRole('button', { name: 'Save' }).click();
  const tookMs = (await thrownOut) - (await answered);
  console.log(`thrown out ${tookMs} ms after the answer`);
  expect(tookMs).toBeLessThanOrEqual(15_000);

  await viewer.getByLabel('Username').fill(username);
  await viewer.getByLabel('Password').fill(password);
  await viewer.getByRole('button', { name: 'Sign in' }).click();
  await expect(viewer.getByRole('alert')).toBeVisible();
  await viewer.context().close();
});

test('changing the password ends the other sessions, and the old password no longer works', async ({
  signedIn: page,
  server,
  browser,
}) => {
  const username = newName('careful');
  await addUser(page, server, username);
  const here = await signInAs(browser, server, username);
  const elsewhere = await signInAs(browser, server, username);
  await here.goto(`${server.url}/settings/account`);
  await expect(here.getByTestId('session-list').getByRole('rowheader')).toHaveCount(2);
  await here.getByLabel('Current password').fill(password);
  await here.getByLabel(/^New password/).fill(`${password}, and again`);
  await here.getByRole('button', { name: 'Change password' }).click();
  await expect(here.getByText('All your other sessions have ended')).toBeVisible();
  await expect(elsewhere).toHaveURL(/\/login$/);
  await expect(here.getByTestId('session-list').getByRole('rowheader')).toHaveCount(1);
  await here.context().close();
  await elsewhere.context().close();
  const again = await signInAs(browser, server, username, `${password}, and again`);
  await again.context().close();
});

test('a session elsewhere is ended from the list', async ({ signedIn: page, server, browser }) => {
  const username = newName('two-places');
  await addUser(page, server, username);
  const here = await signInAs(browser, server, username);
  const elsewhere = await signInAs(browser, server, username);
  await here.goto(`${server.url}/settings/account`);
  await here.getByRole('button', { name: /^End the session/ }).click();
  await expect(elsewhere).toHaveURL(/\/login$/);
  await expect(here.getByTestId('connection-status')).toHaveAttribute('data-state', 'live');
  await here.context().close();
  await elsewhere.context().close();
});

test('a key is shown once, reports, and is refused once revoked; the audit log has it all', async ({
  signedIn: page,
  server,
}) => {
  const name = newName('key');
  await page.goto(`${server.url}/settings/keys`);
  await page.getByRole('button', { name: 'Make a key' }).click();
  await page.getByLabel(/^Name/).fill(name);
  await page.getByRole('checkbox', { name: /store models/ }).uncheck();
  await page.getByRole('button', { name: 'Make the key' }).click();
  const apiKey = await page.getByTestId('api-key').innerText();
  await page.getByRole('button', { name: 'I have copied it' }).click();
  const row = page.getByRole('row', { name: new RegExp(name) });
  await expect(row).toContainText('never');
  await expect(page.locator('body')).not.toContainText(apiKey);

  const reporter = createReporter({ url: server.url, apiKey, name, onProblem: () => {} });
  reporter.roundStarted({ round: 1, client_ids: ['a'] });
  expect((await reporter.close()).rejected).toBe(0);
  await row.getByRole('button', { name: `Revoke ${name}` }).click();
  await page.getByRole('button', { name: 'Revoke it' }).click();
  // While the dialog is open, the table below it has no rows for a screen reader.
  await expect(page.getByTestId('confirm-dialog')).toHaveCount(0);
  await expect(row).toHaveCount(0);
  const refused = await page.request.post(`${server.url}/api/ingest`, {
    headers: { authorization: `Bearer ${apiKey}` },
    data: { reporter_id: 'r', batch: 1, events: [] },
  });
  expect(refused.status()).toBe(401);

  await page.goto(`${server.url}/settings/audit`);
  await page.getByLabel('Did what').selectOption('key.revoke');
  const entries = page.getByRole('table', { name: 'Audit log' });
  await expect(entries.getByRole('row').nth(1)).toContainText('revoked an API key');
  await expect(entries.getByRole('row').nth(1)).toContainText(name);
  await expect(entries).not.toContainText('made an API key');
});
