import { admin } from './server.ts';
import { expect, test } from './test.ts';

test('signs in with username and password', async ({ page, server }) => {
  await page.goto(server.url);
  await expect(page).toHaveURL(/\/login$/);
  await page.getByLabel('Username').fill(admin.username);
  await page.getByLabel('Password').fill(admin.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByTestId('connection-status')).toHaveAttribute('data-state', 'live');
});

test('says that a password is wrong, and stays', async ({ page, server }) => {
  await page.goto(`${server.url}/login`);
  await page.getByLabel('Username').fill(admin.username);
  await page.getByLabel('Password').fill('not the password');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('alert')).toBeVisible();
  await expect(page).toHaveURL(/\/login$/);
});

test('signs in by keyboard alone, and returns to the page that was asked for', async ({ page, server }) => {
  await page.goto(`${server.url}/runs`);
  await expect(page.getByTestId('login-form')).toBeVisible();
  const focused = page.locator(':focus');
  const tabTo = async (name: string) => {
    for (let presses = 0; presses < 10 && (await focused.getAttribute('name')) !== name; presses++) {
      await page.keyboard.press('Tab');
    }
    await expect(focused).toHaveAttribute('name', name);
  };
  await page.keyboard.press('Tab');
  await tabTo('username');
  await page.keyboard.type(admin.username);
  await tabTo('password');
  await page.keyboard.type(admin.password);
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/runs$/);
  await expect(page.getByRole('heading', { name: 'Runs', level: 1 })).toBeVisible();
});

test('the sign-in link of the terminal works, once', async ({ page, server, browser }) => {
  await page.goto(server.signInLink);
  await expect(page.getByTestId('connection-status')).toHaveAttribute('data-state', 'live');
  expect(page.url()).not.toContain('token');

  const stranger = await browser.newContext();
  const second = await stranger.newPage();
  await second.goto(server.signInLink);
  await expect(second.getByRole('heading', { name: 'This link no longer works' })).toBeVisible();
  await stranger.close();
});

test('Token expiry redirects to login (HTTP 401 → frontend)', async ({ signedIn: page, server }) => {
  await page.goto(`${server.url}/runs`);
  await expect(page.getByRole('heading', { name: 'Runs', level: 1 })).toBeVisible();
  // Both halves of the session end: the server answers 401 to the token, and there is no cookie to renew it with.
  await page.context().clearCookies();
  const statuses: number[] = [];
  page.on('response', (response) => response.url().includes('/api/') && statuses.push(response.status()));
  await page.route(/\/api\/(runs|auth\/ws-ticket)/, (route) =>
    route.continue({ headers: { ...route.request().headers(), authorization: 'Bearer expired' } }),
  );
  // Any request leads to the sign-in; one that the page makes by itself may come before the click.
  await page
    .getByRole('link', { name: 'Live' })
    .click({ timeout: 10_000 })
    .catch(() => {});
  // The live page may send a request of its own, which ends the session before this press.
  await Promise.race([page.waitForURL(/\/login$/), page.getByRole('link', { name: 'Runs' }).click()]);
  await expect(page).toHaveURL(/\/login$/);
  expect(statuses).toContain(401);
});
