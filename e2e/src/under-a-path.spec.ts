import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { admin, freePort, TestServer } from './server.ts';
import { expect, test } from './test.ts';

const nginx = ['nginx', '/usr/sbin/nginx'].find((name) => spawnSync(name, ['-v']).status === 0);

interface Place {
  /** Where browsers find the dashboard. */
  readonly address: string;
  readonly close: () => Promise<void>;
}

/** The server itself with the path in its addresses, as a proxy that keeps the path passes them on. */
async function keepingThePath(): Promise<Place> {
  const port = await freePort();
  const address = `http://127.0.0.1:${port}/rondo`;
  const server = await TestServer.start({ PORT: String(port), PUBLIC_URL: address });
  return { address, close: () => server.stop() };
}

/** A real nginx that removes the path. */
async function removingThePath(): Promise<Place> {
  const [port, proxyPort] = [await freePort(), await freePort()];
  const address = `http://127.0.0.1:${proxyPort}/rondo`;
  const server = await TestServer.start({ PORT: String(port), PUBLIC_URL: address });
  const folder = await mkdtemp(join(tmpdir(), 'rondo-nginx-'));
  await writeFile(
    join(folder, 'nginx.conf'),
    `pid ${folder}/pid; daemon off; error_log ${folder}/error.log; ${process.getuid?.() === 0 ? 'user root;' : ''}
    events {}
    http {
      access_log off;
      client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy;
      fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
      server {
        listen 127.0.0.1:${proxyPort};
        location /rondo/ {
          proxy_pass http://127.0.0.1:${port}/;
          proxy_http_version 1.1;
          proxy_set_header Host $http_host;
          proxy_set_header Upgrade $http_upgrade;
          proxy_set_header Connection upgrade;
        }
      }
    }`,
  );
  const proxy = spawn(nginx as string, ['-p', folder, '-c', join(folder, 'nginx.conf')]);
  const answers = () =>
    fetch(`${address}/api/health`).then(
      ({ ok }) => ok,
      () => false,
    );
  for (const until = Date.now() + 60_000; !(await answers()); await wait(50)) {
    if (Date.now() > until) throw new Error('nginx does not answer');
  }
  return { address, close: () => end(proxy, server, folder) };
}

async function end(proxy: ChildProcess, server: TestServer, folder: string): Promise<void> {
  proxy.kill('SIGTERM');
  if (proxy.exitCode === null) await once(proxy, 'exit');
  await server.stop();
  await rm(folder, { recursive: true, force: true });
}

for (const [name, open, canRun] of [
  ['that the proxy keeps', keepingThePath, true],
  ['that nginx removes', removingThePath, nginx !== undefined],
] as const) {
  test(`[I6] under a path ${name}: sign-in, live updates, reload and links work`, async ({ page }) => {
    test.skip(!canRun, 'there is no nginx on this machine');
    const { address, close } = await open();
    const missing: string[] = [];
    page.on('response', (response) => {
      if (response.status() === 404) missing.push(response.url());
    });
    try {
      await page.goto(`${address}/runs`);
      await page.getByLabel('Username').fill(admin.username);
      await page.getByLabel('Password').fill(admin.password);
      await page.getByRole('button', { name: 'Sign in' }).click();
      await expect(page).toHaveURL(`${address}/runs`);
      await page.getByRole('link', { name: 'Live', exact: true }).click();
      await expect(page.getByTestId('connection-status')).toHaveAttribute('data-state', 'live');
      await page.reload();
      await expect(page.getByTestId('connection-status')).toHaveAttribute('data-state', 'live');
      await page.getByRole('link', { name: 'Settings', exact: true }).click();
      await expect(page).toHaveURL(`${address}/settings/account`);
      expect(missing).toEqual([]);
    } finally {
      await close();
    }
  });
}
