import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { freePort } from './server.ts';
import { expect, test } from './test.ts';

/** The status of the answer to a WebSocket handshake; 101 when it is let in. */
function handshake(url: string, origin: string): Promise<number | undefined> {
  return new Promise((done, failed) => {
    const headers = {
      connection: 'Upgrade',
      upgrade: 'websocket',
      origin,
      'sec-websocket-version': '13',
      'sec-websocket-key': Buffer.from('0123456789abcdef').toString('base64'),
    };
    // A socket that asked for an upgrade is of no use for another request.
    const asked = request(`${url}/ws/events?token=none`, { headers, agent: false });
    asked.on('response', (response) => {
      response.resume();
      done(response.statusCode);
    });
    asked.on('upgrade', (_, socket) => {
      socket.destroy();
      done(101);
    });
    asked.on('error', failed);
    asked.end();
  });
}

/** A page of another origin. It is served for real: a browser treats pages that a test made up as unknown territory. */
async function servePage(origin: string) {
  const pages = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/html' });
    response.end('<!doctype html><title>Elsewhere</title>');
  });
  pages.listen(Number(new URL(origin).port), '127.0.0.1');
  await once(pages, 'listening');
  return {
    close: () => {
      pages.closeAllConnections();
      pages.close();
    },
  };
}

test('CORS allows frontend dev server, blocks random origins', async ({ page, server }) => {
  const answers: Record<string, unknown> = {};
  const stranger = `http://127.0.0.1:${await freePort()}`;
  for (const origin of [server.devOrigin, stranger]) {
    const pages = await servePage(origin);
    await page.goto(origin);
    answers[origin] = await page.evaluate(
      `fetch('${server.url}/api/health').then((answer) => answer.status, () => 'blocked')`,
    );
    pages.close();
  }
  expect(answers).toEqual({ [server.devOrigin]: 200, [stranger]: 'blocked' });

  const allowed = async (origin: string) =>
    (await fetch(`${server.url}/api/health`, { headers: { origin } })).headers.get('access-control-allow-origin');
  expect(await allowed(server.devOrigin)).toBe(server.devOrigin);
  expect(await allowed('http://stranger.example')).toBeNull();
});

test('a WebSocket from a foreign origin is refused with 403 at the handshake', async ({ server }) => {
  expect(await handshake(server.url, 'http://stranger.example')).toBe(403);
  expect(await handshake(server.url, server.url)).toBe(101);
});

test('WebSocket reconnects in infinite loop: a bad token closes with 4001, and the page does not retry', async ({
  signedIn: page,
  server,
}) => {
  const codes: number[] = [];
  let sockets = 0;
  page.on('websocket', () => sockets++);
  await page.route('**/api/auth/ws-ticket', (route) => route.fulfill({ json: { ticket: 'bad', expires_in: 30 } }));
  await page.goto(server.url);
  await expect(page).toHaveURL(/\/login$/);
  // One try, one with a renewed session, no third.
  expect(sockets).toBeLessThanOrEqual(2);

  const code = await page.evaluate<number>(
    "new Promise((done) => { new WebSocket('/ws/events?token=bad').onclose = (event) => done(event.code); })",
  );
  codes.push(code);
  expect(codes).toEqual([4001]);
});

test('API returns 404, not 500, for missing resources', async ({ rest }) => {
  const paths = [
    '/api/runs/none',
    '/api/rounds/999999999',
    '/api/clients/none/history',
    '/api/metrics/series?run_id=none&name=loss',
    '/api/nothing',
  ];
  const statuses = await Promise.all(paths.map(async (path) => [path, (await rest.request(path)).status]));
  expect(statuses).toEqual(paths.map((path) => [path, 404]));
  const stop = await rest.request('/api/rounds/999999999/stop', 'POST', { reason: 'none' });
  expect(stop.status).toBe(404);
  expect(stop.headers.get('content-type')).toContain('application/problem+json');
});
