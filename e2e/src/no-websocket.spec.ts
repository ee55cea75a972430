import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { admin, freePort } from './server.ts';
import { expect, test } from './test.ts';

/** A proxy that forwards requests, and upgrades only after `passUpgrades`. */
async function openProxy(target: URL) {
  let passesUpgrades = false;
  /** A server forgets the sockets that it hands over. */
  const upgraded = new Set<Socket>();
  const port = await freePort();
  const proxy = createServer((asked, answer) => {
    const { method, url, headers } = asked;
    const passed = request(new URL(url ?? '/', target), { method, headers }, (got) => {
      answer.writeHead(got.statusCode ?? 502, got.headers);
      got.pipe(answer);
    });
    passed.on('error', () => answer.destroy());
    asked.pipe(passed);
  });
  proxy.on('upgrade', ({ url, headers, method }, socket) => {
    if (!passesUpgrades) {
      socket.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n');
      return;
    }
    const server = connect(Number(target.port), target.hostname, () => {
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
      server.write(`${method} ${url} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
      server.pipe(socket).pipe(server);
    });
    for (const end of [socket, server]) upgraded.add(end as Socket);
    for (const end of [socket, server]) end.on('error', () => [socket, server].map((each) => each.destroy()));
  });
  await once(proxy.listen(port, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${port}`,
    passUpgrades: () => {
      passesUpgrades = true;
    },
    async close() {
      const closed = once(proxy, 'close');
      proxy.close();
      proxy.closeAllConnections();
      for (const socket of upgraded) socket.destroy();
      await closed;
    },
  };
}

test('[S13] without WebSocket the page shows REST data, says why, and returns to the socket', async ({
  page,
  server,
  makeReporter,
}) => {
  test.setTimeout(120_000);
  const proxy = await openProxy(new URL(server.url));
  try {
    const reporter = makeReporter({ name: 'behind-a-proxy' });
    reporter.roundStarted({ round: 1, client_ids: ['hospital-a', 'hospital-b'] });
    expect((await page.request.post(`${proxy.url}/api/auth/login`, { data: admin })).ok()).toBe(true);
    await page.goto(`${proxy.url}/runs/${reporter.run_id}`);
    const status = page.getByTestId('connection-status');
    await expect(status).toHaveAttribute('data-state', 'polling', { timeout: 30_000 });
    await expect(page.getByText('a proxy between this page and Rondo does not pass WebSocket on')).toBeVisible();
    const progress = page.getByTestId('round-progress');
    await expect(progress).toHaveAttribute('aria-valuemax', '2');
    reporter.clientResult({ client_id: 'hospital-a', round: 1, sample_count: 10, train_loss: 0.5 });
    await expect(progress).toHaveAttribute('aria-valuenow', '1', { timeout: 30_000 });
    proxy.passUpgrades();
    await expect(status).toHaveAttribute('data-state', 'live', { timeout: 45_000 });
  } finally {
    await proxy.close();
  }
});
