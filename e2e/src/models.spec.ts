import { readFile } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import { digestOf, makeCheckpoint, upload } from './checkpoint.ts';
import { expect, markPage, test } from './test.ts';

/** 24 MB: enough for many chunks and a visible way through them. */
const large = makeCheckpoint(24_000);
const small = makeCheckpoint(4, 7);

const rows = (page: Page) => page.getByTestId('model-table').getByRole('rowheader');
const drawer = (page: Page) => page.getByTestId('model-drawer');

/** Browsers without a file picker for pages: Firefox, Safari, and Chromium without TLS on another host. */
const withoutPicker = 'delete window.showSaveFilePicker';

/** What the user would pick is a file in the page's own file system, which is as real and has no dialog. */
const pickOwnFile = `
  window.showSaveFilePicker = async ({ suggestedName }) => {
    window.picked = suggestedName;
    const folder = await navigator.storage.getDirectory();
    return folder.getFileHandle('picked', { create: true });
  };`;

const readPicked = `(async () => {
  const folder = await navigator.storage.getDirectory();
  const file = await (await folder.getFileHandle('picked')).getFile();
  const digest = await crypto.subtle.digest('SHA-256', await file.arrayBuffer());
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
})()`;

test('a stored checkpoint shows at once, with where it came from and what is in it; a deleted one goes at once', async ({
  signedIn: page,
  server,
  makeReporter,
  apiKey,
  rest,
}) => {
  const reporter = makeReporter();
  reporter.roundStarted({ round: 1, client_ids: ['a'] });
  reporter.roundComplete({ round: 1, global_loss: 0.5, global_accuracy: 0.75, metrics: { fairness: 0.6 } });
  await page.goto(`${server.url}/runs/${reporter.run_id}`);
  await expect(page.getByText('No checkpoint yet')).toBeVisible();
  const isSamePage = await markPage(page);
  const [parent, version] = [`${reporter.run_id}-v0`, `${reporter.run_id}-v1`];
  await upload(server, apiKey, { version: parent, run_id: reporter.run_id, bytes: small.bytes });
  await upload(server, apiKey, { version, run_id: reporter.run_id, round: 1, parent, bytes: large.bytes });
  await expect(rows(page)).toHaveCount(2);

  await page.getByRole('link', { name: version, exact: true }).click();
  for (const words of [large.sha256, 'layer.weight', '24000 × 256', '6,144,000', 'fairness', 'e2e', 'latest']) {
    await expect(drawer(page)).toContainText(words);
  }
  await expect(drawer(page).getByRole('link', { name: parent })).toBeVisible();

  await drawer(page).getByRole('button', { name: 'Delete…' }).click();
  await page.getByRole('button', { name: `Delete ${version}` }).click();
  await expect(drawer(page)).toBeHidden();
  await expect(rows(page)).toHaveCount(1);
  // And what another person deletes.
  expect((await rest.request(`/api/models/${encodeURIComponent(parent)}`, 'DELETE')).status).toBe(204);
  await expect(page.getByText('No checkpoint yet')).toBeVisible();
  expect(await isSamePage()).toBe(true);
});

test('a download by the browser itself is byte-identical, and the page says who shows its progress', async ({
  signedIn: page,
  server,
  makeReporter,
  apiKey,
}) => {
  const reporter = makeReporter();
  const version = `${reporter.run_id}-v1`;
  reporter.roundStarted({ round: 1, client_ids: ['a'] });
  await page.addInitScript(withoutPicker);
  await page.goto(`${server.url}/runs/${reporter.run_id}`);
  await expect(page.getByTestId('round-monitor')).toHaveAttribute('data-round', '1');
  await upload(server, apiKey, { version, run_id: reporter.run_id, round: 1, bytes: large.bytes });
  const started = page.waitForEvent('download');
  await page.getByRole('button', { name: `Download ${version}` }).click();
  const download = await started;
  expect(download.suggestedFilename()).toContain(version);
  expect(digestOf(await readFile(await download.path()))).toBe(large.sha256);
  await expect(page.getByRole('status').filter({ hasText: 'Your browser downloads it' })).toBeAttached();
});

test('a download into a picked file is byte-identical, shows its progress, and goes on after the line broke', async ({
  signedIn: page,
  server,
  makeReporter,
  apiKey,
}) => {
  const reporter = makeReporter();
  const version = `${reporter.run_id}-v1`;
  reporter.roundStarted({ round: 1, client_ids: ['a'] });
  await page.addInitScript(pickOwnFile);
  await page.goto(`${server.url}/models`);
  await expect(page.getByTestId('model-registry')).toBeVisible();
  await upload(server, apiKey, { version, run_id: reporter.run_id, round: 1, bytes: large.bytes });
  await page.goto(`${server.url}/models?model=${version}`);
  await expect(drawer(page)).toContainText(large.sha256);

  // The first answer ends in the middle, as a proxy that is restarted ends it.
  const ranges: (string | undefined)[] = [];
  await page.route('**/download?link=*', async (route) => {
    ranges.push(route.request().headers().range);
    if (ranges.length > 1) return route.continue();
    const headers = { etag: `"${large.sha256}"`, 'content-type': 'application/octet-stream' };
    return route.fulfill({ status: 200, headers, body: large.bytes.subarray(0, 10_000_000) });
  });
  await drawer(page)
    .getByRole('button', { name: `Download ${version}` })
    .click();
  const progress = drawer(page).getByRole('progressbar');
  await expect(progress).toHaveAttribute('aria-valuemax', String(large.bytes.length));
  await expect(drawer(page).getByRole('status').filter({ hasText: 'Saved, every byte of it.' })).toBeVisible();
  expect(ranges).toEqual([undefined, 'bytes=10000000-']);
  expect(await page.evaluate('window.picked')).toBe(`${version}.safetensors`);
  expect(await page.evaluate(readPicked)).toBe(large.sha256);
});

test('an admin names a version, moves the name, and rolls it back', async ({
  signedIn: page,
  server,
  makeReporter,
  apiKey,
}) => {
  const reporter = makeReporter();
  const [first, second] = [`${reporter.run_id}-v1`, `${reporter.run_id}-v2`];
  reporter.roundStarted({ round: 1, client_ids: ['a'] });
  await page.goto(`${server.url}/runs/${reporter.run_id}`);
  await expect(page.getByTestId('round-monitor')).toHaveAttribute('data-round', '1');
  for (const version of [first, second]) {
    await upload(server, apiKey, { version, run_id: reporter.run_id, bytes: small.bytes });
  }
  await expect(rows(page)).toHaveCount(2);
  const holderOf = (alias: string) => rows(page).filter({ hasText: alias }).getByRole('link');
  await expect(holderOf('latest')).toHaveAccessibleName(second);

  const name = async (version: string) => {
    await page.getByRole('link', { name: version, exact: true }).click();
    await drawer(page).getByLabel('Another alias for this version').fill('pilot');
    await drawer(page).getByRole('button', { name: 'Set', exact: true }).click();
  };
  await name(first);
  await expect(drawer(page)).toContainText('by admin');
  await page.keyboard.press('Escape');
  await expect(holderOf('pilot')).toHaveAccessibleName(first);

  await name(second);
  await expect(page.getByTestId('confirm-dialog')).toContainText(`It points at ${first} now`);
  await page.getByRole('button', { name: 'Move' }).click();
  await expect(drawer(page).getByRole('button', { name: 'Roll back…' })).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(holderOf('pilot')).toHaveAccessibleName(second);

  await page.getByRole('link', { name: second, exact: true }).click();
  await drawer(page).getByRole('button', { name: 'Roll back…' }).click();
  await page.getByRole('button', { name: 'Roll back', exact: true }).click();
  await expect(drawer(page)).not.toContainText('by admin');
  await page.keyboard.press('Escape');
  await expect(holderOf('pilot')).toHaveAccessibleName(first);
});
