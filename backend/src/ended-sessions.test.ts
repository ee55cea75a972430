import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestApp, type TestApp } from '../testing/app.ts';
import { openSocket } from '../testing/socket.ts';

let server: TestApp;
let address: string;
beforeAll(async () => {
  server = await openTestApp();
  await server.app.listen({ host: '127.0.0.1', port: 0 });
  address = `127.0.0.1:${(server.app.server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());

/** A viewer at a real socket that has been let in, and an admin. */
async function setUp() {
  const [viewer, admin] = [await server.signIn('viewer'), await server.signIn('admin')];
  const socket = await openSocket(`ws://${address}/ws/events?token=${viewer.token}`);
  expect(await socket.next()).toMatchObject({ type: 'snapshot' });
  return { viewer, admin, socket, user: `/api/users/${viewer.user.id}` };
}

type SetUp = Awaited<ReturnType<typeof setUp>>;

const acts: [string, (at: SetUp) => Promise<{ statusCode: number }>][] = [
  ['is disabled', ({ admin, user }) => server.ask('PATCH', user, admin.headers, { disabled: true })],
  ['gets another role', ({ admin, user }) => server.ask('PATCH', user, admin.headers, { role: 'admin' })],
  ['gets another password', ({ admin, user }) => server.ask('PATCH', user, admin.headers, { password: 'new horse' })],
  ['is deleted', ({ admin, user }) => server.ask('DELETE', user, admin.headers)],
  [
    'ends this session',
    ({ viewer }) => server.ask('DELETE', `/api/auth/sessions/${sessionOf(viewer.cookie)}`, viewer.headers),
  ],
  ['signs out', ({ viewer }) => server.ask('POST', '/api/auth/logout', { cookie: `rondo_refresh=${viewer.cookie}` })],
];

describe('a socket', () => {
  it.each(acts)('[P4] ends with 4001 within a second, and its token with it, when its user %s', async (_, act) => {
    const at = await setUp();
    const begun = performance.now();
    const { statusCode } = await act(at);
    expect([200, 204]).toContain(statusCode);
    expect((await at.socket.closed).code).toBe(4001);
    expect(performance.now() - begun).toBeLessThan(15_000);
    expect((await server.ask('GET', '/api/auth/me', at.viewer.headers)).statusCode).toBe(401);
  });

  it('stays open when the user ends another session, or another user is disabled', async () => {
    const { viewer, admin, socket } = await setUp();
    const other = await server.signIn('viewer');
    expect(
      (await server.ask('PATCH', `/api/users/${other.user.id}`, admin.headers, { disabled: true })).statusCode,
    ).toBe(200);
    socket.send('ping');
    expect(await socket.nextText()).toBe('pong');
    expect((await server.ask('GET', '/api/auth/me', viewer.headers)).statusCode).toBe(200);
    await socket.close();
  });
});

const sessionOf = (cookie: string) => cookie.split('.')[0];
