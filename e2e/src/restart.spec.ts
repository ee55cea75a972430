import type { Page, WebSocket } from '@playwright/test';
import { startDemo } from './demo.ts';
import { expect, markPage, signIn, test } from './test.ts';

/** The sockets of a page, as the browser itself reports them. */
function watchSockets(page: Page) {
  const open = new Set<WebSocket>();
  page.on('websocket', (socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
  });
  return open;
}

test('WS reconnects after server restart (no zombie connections)', async ({ page, ownServer }) => {
  await signIn(page, ownServer);
  const sockets = watchSockets(page);
  const demo = startDemo(ownServer, '--pace', '4');
  try {
    await page.goto(ownServer.url);
    const status = page.getByTestId('connection-status');
    const lastRound = async () => Number(await page.getByTestId('metrics-chart').getAttribute('data-last-round'));
    await expect.poll(lastRound).toBeGreaterThan(1);
    const isSamePage = await markPage(page);

    await ownServer.kill();
    await expect(status).toHaveAttribute('data-state', 'stale', { timeout: 5_000 });
    const before = await lastRound();

    await ownServer.start();
    await expect(status).toHaveAttribute('data-state', 'live', { timeout: 30_000 });
    await expect.poll(lastRound, { timeout: 20_000 }).toBeGreaterThan(before + 1);
    expect(await isSamePage()).toBe(true);
    await expect.poll(() => sockets.size).toBe(1);
  } finally {
    await demo.stop();
  }
});
