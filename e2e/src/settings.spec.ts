import type { Locator, Page } from '@playwright/test';
import { problems } from './axe.ts';
import { makeCheckpoint, upload } from './checkpoint.ts';
import { expect, signIn, test } from './test.ts';

test('a project and its members: added by the whole name, changed, removed and brought back', async ({
  signedIn: page,
  server,
  rest,
}) => {
  await rest.request('/api/users', 'POST', {
    username: 'grace',
    password: 'a rondo comes round again',
    role: 'viewer',
  });
  await page.goto(`${server.url}/settings/projects`);
  await page.getByRole('button', { name: 'New project…' }).click();
  await page.getByLabel(/^Id/).fill('heart');
  await page.getByLabel(/^Name/).fill('Heart study');
  await page.getByRole('button', { name: 'Create the project' }).click();
  const members = page.getByTestId('project-members');
  await expect(members.getByRole('heading', { name: 'Members of Heart study' })).toBeVisible();

  // A part of a name finds no user: the server lists no names.
  const field = members.getByRole('combobox', { name: /whole username/ });
  await field.fill('grac');
  await expect(members.getByText(/No user has this name/)).toBeVisible();
  await field.fill('grace');
  await expect(members.getByRole('option', { name: /grace/ })).toBeVisible();
  await field.press('Enter');
  const row = page.locator('[data-member="grace"]');
  await expect(row).toBeVisible();

  await row.getByRole('combobox', { name: 'Role of grace' }).selectOption('admin');
  await expect(page.getByTestId('notice').filter({ hasText: 'grace is now an admin.' })).toBeVisible();
  await row.getByRole('button', { name: 'Remove grace' }).click();
  await expect(row).toHaveCount(0);
  await page
    .getByTestId('notice')
    .filter({ hasText: 'no longer a member' })
    .getByRole('button', { name: 'Undo' })
    .click();
  await expect(row.getByRole('combobox')).toHaveValue('admin');

  // A key for this project that may only read.
  await page.goto(`${server.url}/settings/keys`);
  await page.getByRole('button', { name: 'Make a key' }).click();
  const dialog = page.getByTestId('add-key');
  await dialog.getByLabel(/^Name/).fill('notebook');
  await dialog.getByLabel('Project', { exact: true }).selectOption('heart');
  await dialog.getByRole('checkbox', { name: /^report/ }).uncheck();
  await dialog.getByRole('checkbox', { name: /store models/ }).uncheck();
  await dialog.getByRole('checkbox', { name: /^read/ }).check();
  await dialog.getByRole('button', { name: 'Make the key' }).click();
  await page.getByRole('button', { name: 'I have copied it' }).click();
  const made = page.getByRole('row', { name: /notebook/ });
  await expect(made).toContainText('heart');
  await expect(made).toContainText('read');
});

test('the page before the first run makes a key, shows it in what is copied, and has no problem for axe', async ({
  page,
  ownServer,
}) => {
  await signIn(page, ownServer);
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await page.goto(`${ownServer.url}/`);
  await expect(page.getByTestId('first-key')).toContainText('RONDO_API_KEY=…');
  expect(await problems(page)).toEqual([]);
  await page.getByRole('button', { name: 'Make a key' }).click();
  await expect(page.getByTestId('first-key')).not.toContainText('RONDO_API_KEY=…');
  const environment = await page.getByTestId('first-key').innerText();
  const key = /RONDO_API_KEY=(\S+)/.exec(environment)?.[1] ?? '';
  for (const way of ['Flower', 'NVIDIA FLARE', 'Python', 'TypeScript', 'HTTP']) {
    await page.getByRole('tab', { name: way }).click();
    await expect(page.getByRole('tabpanel', { name: way })).toBeVisible();
  }
  const answer = await page.request.post(`${ownServer.url}/api/ingest`, {
    headers: { authorization: `Bearer ${key}` },
    data: {
      reporter_id: crypto.randomUUID(),
      batch: 1,
      events: [
        {
          type: 'run_started',
          run_id: 'first',
          at: new Date().toISOString(),
          name: 'the first run',
          framework: 'curl',
        },
      ],
    },
  });
  expect(await answer.json()).toMatchObject({ accepted: 1 });
  await expect(page.getByTestId('run-picker')).toContainText('the first run');
});

const isFocused = (opener: Locator) => expect(opener).toBeFocused();

/** Opens by keyboard alone, closes with Escape: the focus is where it was. */
async function openAndClose(page: Page, opener: Locator): Promise<void> {
  await opener.focus();
  await isFocused(opener);
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog').first();
  await expect(dialog).toBeVisible();
  await expect(dialog.locator(':focus')).toHaveCount(1);
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await isFocused(opener);
}

test('[B5] the focus returns to what opened each dialog, drawer and menu', async ({
  signedIn: page,
  server,
  makeReporter,
  apiKey,
}) => {
  test.slow();
  const run = makeReporter({ name: 'focus' });
  run.roundStarted({ round: 1, client_ids: ['a', 'b'] });
  run.clientResult({ client_id: 'a', round: 1, sample_count: 10, train_loss: 0.5 });
  const button = (name: string | RegExp) => page.getByRole('button', { name });
  const dialogs: readonly (readonly [path: string, opener: Locator])[] = [
    ['/settings/users', button('Add a user')],
    ['/settings/users', button('Edit admin')],
    ['/settings/keys', button('Make a key')],
    ['/settings/keys', button(/^Revoke/).first()],
    ['/settings/alerts', button('Add a rule')],
    ['/settings/alerts', button('Add a channel')],
    ['/settings/projects', button('New project…')],
    ['/settings/projects', button('Rename…')],
    [`/runs/${run.run_id}`, button('Stop…')],
    [`/runs/${run.run_id}`, button('Edit focus')],
    [`/runs/${run.run_id}`, page.getByTestId('run-picker')],
    [`/runs/${run.run_id}`, page.getByTestId('client-card').first()],
    [`/runs/${run.run_id}`, button(/^User /)],
    ['/runs', button('Edit focus')],
    [`/models?run=${run.run_id}`, page.getByRole('link', { name: 'focus-v1', exact: true })],
  ];
  await page.goto(`${server.url}/runs/${run.run_id}`);
  await expect(page.getByTestId('round-monitor')).toHaveAttribute('data-round', '1');
  await upload(server, apiKey, { version: 'focus-v1', run_id: run.run_id, bytes: makeCheckpoint(4).bytes });
  let before = '';
  for (const [path, opener] of dialogs) {
    await test.step(`${path}: ${opener}`, async () => {
      if (path !== before) await page.goto(server.url + path);
      before = path;
      await openAndClose(page, opener);
    });
  }
});

test('the density is remembered, and rows of tables follow it', async ({ signedIn: page, server, makeReporter }) => {
  makeReporter({ name: 'rows' }).roundStarted({ round: 1, client_ids: ['a'] });
  const rowHeight = async () => {
    await page.goto(`${server.url}/runs`);
    const row = page.getByRole('table', { name: 'Runs' }).getByRole('row').nth(1);
    await expect(row).toBeVisible();
    return (await row.boundingBox())?.height ?? 0;
  };
  const comfortable = await rowHeight();
  await page.goto(`${server.url}/settings/account`);
  await page.getByRole('radio', { name: /Compact/ }).check();
  expect(await rowHeight()).toBeLessThan(comfortable);
  await page.reload();
  expect(await rowHeight()).toBeLessThan(comfortable);
});
