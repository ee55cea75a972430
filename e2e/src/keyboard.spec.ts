import { problems, themes } from './axe.ts';
import { expect, test } from './test.ts';

test('the palette opens by its key, finds a run of any page and gives the focus back', async ({
  signedIn: page,
  server,
  makeReporter,
}) => {
  const reporter = makeReporter({ name: 'palette-target' });
  reporter.roundStarted({ round: 1, client_ids: ['hospital-1', 'hospital-2'] });
  reporter.roundComplete({ round: 1, global_loss: 0.5 });
  makeReporter({ name: 'another run' }).roundStarted({ round: 1, client_ids: ['x'] });

  await page.goto(`${server.url}/models`);
  const nav = page.getByRole('link', { name: 'Models' });
  await nav.focus();
  const palette = page.getByTestId('palette');
  await expect(page.getByTestId('shortcuts')).toBeAttached();
  await page.keyboard.press('Control+k');
  await expect(palette.getByRole('combobox')).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(palette).toBeHidden();
  await expect(nav).toBeFocused();

  await page.keyboard.press('Control+k');
  await page.keyboard.type('palette-tar');
  await expect(palette.getByRole('option', { name: /palette-target/ })).toBeVisible();
  await expect(palette.getByRole('option', { name: /another run/ })).toBeHidden();
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(`${server.url}/runs/${reporter.run_id}`);
  await expect(page.getByTestId('run-picker')).toContainText('palette-target');

  // Clients and rounds of the run on screen.
  await page.keyboard.press('Control+k');
  await page.keyboard.type('round 1');
  await palette.getByRole('option', { name: 'Round 1', exact: true }).click();
  await expect(page).toHaveURL(`${server.url}/runs/${reporter.run_id}/rounds/1`);
});

test('single keys lead to pages, never while typing, and can be turned off', async ({
  signedIn: page,
  server,
  makeReporter,
}) => {
  const reporter = makeReporter();
  reporter.roundStarted({ round: 1, client_ids: ['a'] });
  await page.goto(`${server.url}/runs/${reporter.run_id}`);
  await expect(page.getByTestId('round-monitor')).toBeVisible();

  await expect(page.getByTestId('shortcuts')).toBeAttached();
  await page.keyboard.press('6');
  await expect(page).toHaveURL(`${server.url}/runs/${reporter.run_id}/log`);
  await page.keyboard.press('g');
  await page.keyboard.press('r');
  await expect(page).toHaveURL(`${server.url}/runs`);
  await page.getByRole('searchbox').first().click();
  await page.keyboard.type('gm?');
  await expect(page.getByRole('searchbox').first()).toHaveValue('gm?');
  await page.getByRole('heading', { name: 'Runs', level: 1 }).click();

  await page.keyboard.press('?');
  const help = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
  await expect(help).toBeVisible();
  await help.getByRole('checkbox').uncheck();
  await page.keyboard.press('Escape');
  await expect(help).toBeHidden();
  await page.keyboard.press('g');
  await page.keyboard.press('m');
  await page.keyboard.press('Control+k');
  await expect(page.getByTestId('palette')).toBeVisible();
  await expect(page).toHaveURL(/\/runs\?|\/runs$/);
});

test('the wall display is the page alone, and its address opens it again', async ({
  signedIn: page,
  server,
  makeReporter,
}) => {
  const reporter = makeReporter();
  reporter.roundStarted({ round: 1, client_ids: ['a', 'b'] });
  await page.goto(`${server.url}/runs/${reporter.run_id}`);
  await expect(page.getByTestId('round-monitor')).toBeVisible();
  await expect(page.getByTestId('shortcuts')).toBeAttached();
  await page.keyboard.press('f');
  await expect(page.getByRole('navigation', { name: 'Main' })).toBeHidden();
  await expect(page.getByTestId('round-monitor')).toBeVisible();
  await page.reload();
  await expect(page.getByRole('navigation', { name: 'Main' })).toBeHidden();
  await page.getByRole('button', { name: 'Leave the wall display' }).click();
  await expect(page.getByRole('navigation', { name: 'Main' })).toBeVisible();
  await expect(page).toHaveURL(`${server.url}/runs/${reporter.run_id}`);
});

for (const colorScheme of themes) {
  test(`axe finds nothing in the palette, the help and the wall display, ${colorScheme}`, async ({
    signedIn: page,
    server,
    makeReporter,
  }) => {
    const reporter = makeReporter();
    reporter.roundStarted({ round: 1, client_ids: ['a', 'b'] });
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.goto(`${server.url}/runs/${reporter.run_id}`);
    await expect(page.getByTestId('round-monitor')).toBeVisible();
    await expect(page.getByTestId('shortcuts')).toBeAttached();
    await page.keyboard.press('Control+k');
    await expect(page.getByTestId('palette')).toBeVisible();
    expect(await problems(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.keyboard.press('?');
    await expect(page.getByRole('dialog', { name: 'Keyboard shortcuts' })).toBeVisible();
    expect(await problems(page)).toEqual([]);
    await page.goto(`${server.url}/runs/${reporter.run_id}?wall=1`);
    await expect(page.getByTestId('round-monitor')).toBeVisible();
    expect(await problems(page)).toEqual([]);
  });
}
