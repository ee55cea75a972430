import type { Page } from '@playwright/test';
import type { Reporter } from '@rondo/reporter';
import { isTooWide, problems, themes } from './axe.ts';
import { makeCheckpoint, upload } from './checkpoint.ts';
import { expect, test } from './test.ts';

interface Place {
  readonly name: string;
  readonly open: (page: Page, url: string, run: Reporter) => Promise<void>;
}

const settings = (page: Page, url: string, name: string) => page.goto(`${url}/settings/${name}`);
const runOf = (url: string, run: Reporter) => `${url}/runs/${run.run_id}`;

const places: readonly Place[] = [
  {
    name: 'the round page',
    open: async (page, url, run) => {
      await page.goto(`${runOf(url, run)}/rounds/1`);
      await expect(page.getByRole('table', { name: 'Clients of the round' })).toBeVisible();
    },
  },
  {
    name: 'the metrics page',
    open: async (page, url, run) => {
      await page.goto(`${runOf(url, run)}/series?name=lr`);
      await expect(page.getByRole('slider')).toBeVisible();
    },
  },
  {
    name: 'a client beside the round page',
    open: async (page, url, run) => {
      await page.goto(`${runOf(url, run)}/rounds/1?client=a`);
      await expect(page.getByTestId('client-drawer').getByTestId('measure-chart').first()).toBeVisible();
    },
  },
  {
    name: 'the page of a client',
    open: async (page, url, run) => {
      await page.goto(`${url}/clients/b?run=${run.run_id}`);
      await expect(page.getByTestId('outcome-strip')).toBeVisible();
    },
  },
  {
    name: 'the wall of metrics',
    open: async (page, url, run) => {
      await page.goto(`${runOf(url, run)}/metrics`);
      await expect(page.getByTestId('metric-card').first()).toBeVisible();
    },
  },
  {
    name: 'the stop dialog before a stop that was refused',
    open: async (page, url, run) => {
      await page.goto(runOf(url, run));
      await expect(page.getByTestId('stop-state')).toHaveAttribute('data-state', 'rejected');
      await page.getByRole('button', { name: 'Stop…' }).click();
      await expect(page.getByTestId('stop-dialog')).toBeVisible();
    },
  },
  {
    name: 'the list of models',
    open: async (page, url, run) => {
      await page.goto(`${url}/models?run=${run.run_id}`);
      await expect(page.getByTestId('model-registry').getByRole('row')).toHaveCount(2);
    },
  },
  {
    name: 'the details of a model',
    open: async (page, url, run) => {
      await page.goto(`${url}/models?model=${run.run_id}-v1`);
      await expect(page.getByTestId('model-drawer')).toContainText('layer.weight');
      await expect(page.getByTestId('model-drawer')).toContainText('kept by the server');
    },
  },
  {
    name: 'the account',
    open: async (page, url) => {
      await settings(page, url, 'account');
      await expect(page.getByTestId('session-list').getByRole('row').nth(1)).toBeVisible();
    },
  },
  {
    name: 'a user being edited',
    open: async (page, url) => {
      await settings(page, url, 'users');
      await page.getByRole('button', { name: 'Edit admin' }).click();
      await expect(page.getByTestId('edit-user')).toBeVisible();
    },
  },
  {
    name: 'the users',
    open: async (page, url) => {
      await settings(page, url, 'users');
      await expect(page.getByRole('button', { name: 'Edit admin' })).toBeVisible();
    },
  },
  {
    name: 'a key being made',
    open: async (page, url) => {
      await settings(page, url, 'keys');
      await page.getByRole('button', { name: 'Make a key' }).click();
      await expect(page.getByTestId('add-key')).toBeVisible();
    },
  },
  {
    name: 'the API keys',
    open: async (page, url) => {
      await settings(page, url, 'keys');
      await expect(page.getByTestId('key-settings').getByRole('row').nth(1)).toBeVisible();
    },
  },
  {
    name: 'the audit log',
    open: async (page, url) => {
      await settings(page, url, 'audit');
      await expect(page.getByTestId('audit-log').getByRole('row').nth(1)).toBeVisible();
    },
  },
  {
    name: 'the alerts',
    open: async (page, url) => {
      await settings(page, url, 'alerts');
      await expect(page.getByTestId('alert-rules').getByRole('button', { name: 'Add a rule' })).toBeVisible();
      await expect(page.getByTestId('alert-channels')).toBeVisible();
    },
  },
  {
    name: 'an alert rule being made',
    open: async (page, url) => {
      await settings(page, url, 'alerts');
      await page.getByRole('button', { name: 'Add a rule' }).click();
      await expect(page.getByRole('dialog', { name: 'Add an alert rule' })).toBeVisible();
    },
  },
  {
    name: 'an alert channel being made',
    open: async (page, url) => {
      await settings(page, url, 'alerts');
      await page.getByRole('button', { name: 'Add a channel' }).click();
      await expect(page.getByRole('dialog')).toBeVisible();
    },
  },
  {
    name: 'the projects and a member who is found',
    open: async (page, url) => {
      await settings(page, url, 'projects');
      await page.getByRole('combobox', { name: /whole username/ }).fill('admin');
      await expect(page.getByRole('listbox').getByRole('option', { name: /admin/ })).toBeVisible();
    },
  },
  {
    name: 'a project being made',
    open: async (page, url) => {
      await settings(page, url, 'projects');
      await page.getByRole('button', { name: 'New project…' }).click();
      await expect(page.getByTestId('create-project')).toBeVisible();
    },
  },
  {
    name: 'the run picker',
    open: async (page, url, run) => {
      await page.goto(runOf(url, run));
      await page.getByTestId('run-picker').click();
      await expect(page.getByRole('listbox').getByRole('option').first()).toBeVisible();
    },
  },
  {
    name: 'the settings in the compact density',
    open: async (page, url) => {
      await settings(page, url, 'account');
      await page.getByRole('radio', { name: /Compact/ }).check();
      await settings(page, url, 'keys');
      await expect(page.locator('html')).toHaveAttribute('data-density', 'compact');
      await expect(page.getByTestId('key-settings').getByRole('row').nth(1)).toBeVisible();
    },
  },
];

/** A run with something to see on every page; its stop is refused, as its reporter has nothing to carry it out with. */
async function fill(page: Page, url: string, run: Reporter, apiKey: string): Promise<void> {
  run.roundStarted({ round: 1, client_ids: ['a', 'b', 'c'] });
  run.clientResult({ client_id: 'a', round: 1, sample_count: 10, train_loss: 0.5, metrics: { f1: 0.7 } });
  run.clientFailed({ client_id: 'b', round: 1, reason: 'out of memory: tried to allocate more than there is' });
  run.roundComplete({ round: 1, global_loss: 0.6, global_accuracy: 0.7 });
  run.roundStarted({ round: 2, client_ids: ['a', 'b', 'c'] });
  for (let step = 0; step < 50; step++) run.metric('lr', 1 / (step + 1), { step });
  await page.goto(runOf(url, run));
  await expect(page.getByTestId('round-monitor')).toHaveAttribute('data-round', '2');
  await upload({ url }, apiKey, {
    version: `${run.run_id}-v1`,
    run_id: run.run_id,
    round: 1,
    bytes: makeCheckpoint(4).bytes,
  });
  await expect(page.getByTestId('model-table').getByRole('row')).toHaveCount(2);
  await page.getByRole('button', { name: 'Stop…' }).click();
  await page.getByLabel('Reason').fill('a hospital asked for it');
  await page.getByRole('button', { name: 'Stop round 2' }).click();
  await expect(page.getByTestId('stop-state')).toBeVisible();
}

for (const colorScheme of themes) {
  test(`axe finds nothing on any page beside the live one, ${colorScheme}`, async ({
    signedIn: page,
    server,
    makeReporter,
    apiKey,
  }) => {
    test.slow();
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    const run = makeReporter();
    await fill(page, server.url, run, apiKey);
    for (const { name, open } of places) {
      await test.step(name, async () => {
        await open(page, server.url, run);
        expect.soft(await problems(page), name).toEqual([]);
      });
    }
    await page.route('**/api/auth/methods', (route) =>
      route.fulfill({ json: { password: true, oidc: { name: 'Hospital login' } } }),
    );
    await page.context().clearCookies();
    await page.goto(`${server.url}/login?problem=not_allowed`);
    await expect(page.getByRole('link', { name: 'Hospital login' })).toBeVisible();
    expect.soft(await problems(page), 'signing in at a provider').toEqual([]);
  });
}

test('every page is usable at 360 px: nothing scrolls sideways', async ({
  signedIn: page,
  server,
  makeReporter,
  apiKey,
}) => {
  test.slow();
  const run = makeReporter({ name: 'a run with quite a long name, as they have in real life' });
  await fill(page, server.url, run, apiKey);
  await page.setViewportSize({ width: 360, height: 740 });
  for (const { name, open } of places) {
    await open(page, server.url, run);
    expect.soft(await page.evaluate(isTooWide), name).toBe(false);
  }
});
