import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { LightMyRequestResponse } from 'fastify';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { openTestApp, type TestApp } from '../testing/app.ts';
import { openTestDatabase } from '../testing/database.ts';
import { openSocket } from '../testing/socket.ts';
import type { Database } from './db/database.ts';
import { createLogger } from './logger.ts';

let database: Database;
let server: TestApp;
beforeAll(async () => {
  database = await openTestDatabase();
  server = await openTestApp({ database });
});
afterAll(async () => {
  await server.app.close();
  await database.close();
});

type Headers = Record<string, string>;
const ask = (remoteAddress: string, url: string, headers: Headers = {}, method: 'GET' | 'POST' = 'GET') =>
  server.app.inject({ method, url, headers, remoteAddress }) as Promise<LightMyRequestResponse>;

/** Uses up what strangers of an address may ask within a minute. */
async function spend(address: string, url = '/api/auth/methods', headers: Headers = {}): Promise<void> {
  for (let n = 0; n < 1_200; n += 1) {
    const { statusCode } = await ask(address, url, headers);
    if (statusCode === 429) throw new Error(`refused after ${n} requests`);
  }
}

async function listen(app: TestApp): Promise<number> {
  await app.app.listen({ host: '127.0.0.1', port: 0 });
  return (app.app.server.address() as AddressInfo).port;
}

async function dial(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

const randomKey = () => `rk_${randomBytes(32).toString('base64url')}`;

describe('[security M4] the limit for strangers', () => {
  it('holds at every spelling, with any header, and lets the known in', async () => {
    const address = '192.0.2.10';
    const { headers } = await server.signIn('viewer');
    const reporter = await server.makeReporter();
    await reporter.report([]);
    await spend(address);
    const refused: [string, Headers][] = [
      ['/api/auth/methods', {}],
      ['/%61pi/auth/methods', {}],
      ['/api/auth/methods?a=b', {}],
      ['/api/auth/methods', { authorization: 'x' }],
      ['/api/auth/methods', { 'x-api-key': 'x' }],
      ['/api/auth/methods', { authorization: `Bearer ${randomKey()}` }],
      ['/api/runs', { authorization: 'Bearer a.b.c' }],
      ['/api/ingest', { 'x-api-key': randomKey() }],
      ['/openapi.json', {}],
      ['/docs', {}],
      ['/docs/json', {}],
      ['/api/nothing', {}],
    ];
    for (const [url, given] of refused) {
      const method = url === '/api/ingest' ? 'POST' : 'GET';
      const { statusCode, headers: said } = await ask(address, url, given, method);
      expect([url, given, statusCode]).toEqual([url, given, 429]);
      expect(Number(said['retry-after'])).toBeGreaterThan(0);
    }
    expect((await ask(address, '/api/runs', headers)).statusCode).toBe(200);
    expect((await ask(address, '/%61pi/runs', headers)).statusCode).toBe(200);
    // The guard of the scope, not the limit: this key is known.
    expect((await ask(address, '/api/runs', reporter.headers)).statusCode).toBe(403);
    expect((await ask('192.0.2.11', '/api/auth/methods')).statusCode).toBe(200);
  }, 240_000);

  it.each([
    ['reports with keys that no one made', '192.0.2.20', '/api/runs', () => ({ 'x-api-key': randomKey() })],
    ['the description of the API', '192.0.2.21', '/openapi.json', () => ({})],
  ])(
    'counts %s',
    async (_, address, url, headers) => {
      await spend(address, url, headers());
      expect((await ask(address, url, headers())).statusCode).toBe(429);
    },
    60_000,
  );

  it('does not count requests with valid credentials', async () => {
    const address = '192.0.2.30';
    const { headers } = await server.signIn('viewer');
    for (let n = 0; n < 1_300; n += 1) await ask(address, '/api/auth/me', headers);
    const key = await server.auth.apiKeys.create(
      { principal: null, ip: null, id: null },
      { name: 'new', scopes: ['read'] },
    );
    for (let n = 0; n < 1_300; n += 1) await ask(address, '/api/auth/me', { 'x-api-key': key.key, ...headers });
    expect((await ask(address, '/api/auth/methods')).statusCode).toBe(200);
  }, 240_000);

  it.each(['/%61pi/auth/login', '/api/auth/login', '/api/%61uth/login'])('and no-store hold for %s', async (url) => {
    const { headers, statusCode } = await ask('192.0.2.40', url, {}, 'POST');
    expect([statusCode, headers['cache-control']]).toEqual([422, 'no-store']);
  });
});

describe('[security M5] sockets', () => {
  const handshake = (token: string) =>
    `GET /ws/events?token=${token} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
    `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`;

  it('of strangers that do not answer the close end within three seconds', async () => {
    const app = await openTestApp({ database });
    onTestFinished(() => app.app.close());
    const port = await listen(app);
    const startMs = performance.now();
    const socket = await dial(port);
    const received: Buffer[] = [];
    socket.on('data', (piece: Buffer) => received.push(piece));
    socket.write(handshake('nonsense'));
    await once(socket, 'close');
    expect(Buffer.concat(received).includes(Buffer.from([0x0f, 0xa1]))).toBe(true); // 4001
    expect(performance.now() - startMs).toBeLessThan(30_000);
  });

  it('have a bound for each user and for each address, and their places become free', async () => {
    const app = await openTestApp({ database, socketsPerUser: 2, socketsPerAddress: 4 });
    onTestFinished(() => app.app.close());
    const address = `ws://127.0.0.1:${await listen(app)}/ws/events`;
    const [ada, bob] = [await app.signIn('viewer'), await app.signIn('viewer')];
    const open = ({ token }: { token: string }) => openSocket(`${address}?token=${token}`);
    const first = await open(ada);
    const second = await open(ada);
    await Promise.all([first.next(), second.next()]);
    expect(await (await open(ada)).closed).toMatchObject({ code: 1013 });
    const others = [await open(bob), await open(bob)];
    await Promise.all(others.map((other) => other.next()));
    await expect(open(await app.signIn('viewer'))).rejects.toThrow('429');
    await first.close();
    const again = await vi.waitFor(() => open(ada), { timeout: 30_000 });
    expect(await again.next()).toMatchObject({ type: 'snapshot' });
  });

  it('of handshakes with wrong tokens are limited like other requests of strangers', async () => {
    const app = await openTestApp({ database });
    onTestFinished(() => app.app.close());
    const port = await listen(app);
    for (let n = 0; n < 1_200; n += 1) await app.app.inject('/api/auth/methods');
    await expect(openSocket(`ws://127.0.0.1:${port}/ws/events?token=nonsense`)).rejects.toThrow('429');
    const { token } = await app.signIn('viewer');
    const socket = await openSocket(`ws://127.0.0.1:${port}/ws/events?token=${token}`);
    expect(await socket.next()).toMatchObject({ type: 'snapshot' });
  }, 240_000);
});

describe('[security M6] connections that are cut', () => {
  it('are no outage, and leave no stack trace', async () => {
    const lines: string[] = [];
    const logger = createLogger('info', { write: (line: string) => void lines.push(line) });
    const app = await openTestApp({ database, logger });
    const port = await listen(app);
    const cut = async (text: string) => {
      const socket = await dial(port);
      socket.write(text);
      await vi.waitFor(() => expect(lines.length).toBeGreaterThan(0), { timeout: 30_000 });
      socket.resetAndDestroy();
    };
    for (let n = 0; n < 10; n += 1) {
      await cut('GET /api/runs HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(20));
      await cut(
        'POST /api/auth/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 999\r\n\r\n{',
      );
      await cut(
        'POST /api/auth/login HTTP/1.1\r\nHost: a\r\nContent-Encoding: gzip\r\nContent-Length: 999\r\n\r\n\x1f\x8b',
      );
    }
    await vi.waitFor(
      () => expect(lines.filter((line) => line.includes('/api/auth/login')).length).toBeGreaterThan(10),
      30_000,
    );
    await app.app.close();
    expect(lines.filter((line) => JSON.parse(line).level >= 50)).toEqual([]);
  }, 240_000);
});
