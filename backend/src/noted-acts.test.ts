import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openTestApp, type TestApp } from '../testing/app.ts';
import { fakeClock } from '../testing/auth/people.ts';
import { makeWorld, type World } from '../testing/exchanges.ts';
import { createNotes } from './auth/notes.ts';
import { listAudit } from './db/queries/audit.ts';

let app: TestApp;
let world: World;
beforeAll(async () => {
  app = await openTestApp();
  world = await makeWorld(app);
});
afterAll(() => app.close());

const noted = async (action: string) =>
  (await listAudit(app.database.db, { visible: null, action, limit: 200, offset: 0 })).items;

describe('[security M7] the audit log has', () => {
  it('what a viewer was refused, by route', async () => {
    const { user, headers } = await app.signIn('viewer');
    expect((await app.ask('GET', '/api/users', headers)).statusCode).toBe(403);
    await vi.waitFor(
      async () =>
        expect(await noted('access.refused')).toContainEqual(
          expect.objectContaining({ actor: user.username, target: 'GET /api/users', address: '127.0.0.1' }),
        ),
      30_000,
    );
  });

  it('keys that lack a scope, and keys that are unknown or revoked, without the key', async () => {
    const request = { name: 'hospital', scopes: ['models'] as const };
    const { id, key } = await app.auth.apiKeys.create({ principal: null, ip: null, id: null }, request);
    const post = () => app.ask('POST', '/api/ingest', { 'x-api-key': key }, {});
    expect((await post()).statusCode).toBe(403);
    await app.auth.apiKeys.revoke({ principal: null, ip: null, id: null }, id);
    expect((await post()).statusCode).toBe(401);
    const entries = (await noted('access.refused')).filter(({ target }) => target === 'POST /api/ingest');
    const reasons = entries.map(({ detail }) => String(detail.reason));
    expect(reasons).toEqual([
      expect.stringContaining('revoked'),
      expect.stringContaining('hospital lacks the scope ingest'),
    ]);
    expect(JSON.stringify(entries)).not.toContain(key);
  });

  it('a sign-out, by cookie or by access token, which end the session', async () => {
    const byCookie = await app.signIn('viewer');
    await app.ask('POST', '/api/auth/logout', { cookie: `rondo_refresh=${byCookie.cookie}` });
    const byToken = await app.signIn('viewer');
    await app.ask('POST', '/api/auth/logout', byToken.headers);
    for (const { user, headers } of [byCookie, byToken]) {
      expect((await app.ask('GET', '/api/auth/me', headers)).statusCode).toBe(401);
      expect((await noted('sign_out')).filter(({ actor }) => actor === user.username)).toHaveLength(1);
    }
  });

  it('who downloaded a model, by token and by link; a HEAD neither counts nor uses the link', async () => {
    const { version } = await world.aModel();
    const path = `/api/models/${version}/download`;
    const { user, headers } = await app.signIn('viewer');
    const { url } = (await app.ask('POST', `/api/models/${version}/download-link`, headers)).json<{ url: string }>();
    expect((await app.app.inject({ method: 'HEAD', url })).statusCode).toBe(200);
    expect((await app.ask('GET', path, headers)).statusCode).toBe(200);
    expect((await app.ask('GET', url)).statusCode).toBe(200);
    expect((await app.ask('GET', url)).statusCode).toBe(401);
    const ofVersion = async (action: string) => (await noted(action)).filter(({ target }) => target === version);
    expect((await ofVersion('model.download')).map(({ actor }) => actor)).toEqual([user.username, user.username]);
    expect(await ofVersion('model.download_link')).toMatchObject([{ actor: user.username }]);
    expect(await ofVersion('model.store')).toMatchObject([{ actor: null, detail: { key: expect.any(String) } }]);
  });

  it('at most twenty an hour of one subject, and the number that is left out', async () => {
    const clock = fakeClock();
    const notes = createNotes(app.database.db, clock.now);
    const by = { principal: { user_id: randomUUID(), username: `flood-${randomUUID()}` }, ip: '192.0.2.1', id: null };
    const add = () => notes.add(by, { action: 'access.refused', target_type: 'route', target: 'GET /flood' });
    for (let n = 0; n < 50; n += 1) await add();
    const entries = async () => (await noted('access.refused')).filter(({ actor }) => actor === by.principal.username);
    expect(await entries()).toHaveLength(20);
    clock.advance(3_600_000);
    await add();
    expect((await entries())[0]).toMatchObject({ detail: { unrecorded_before: 30 } });
  });
});

it('a request with two Host headers is refused', async () => {
  await app.app.listen({ host: '127.0.0.1', port: 0 });
  const socket = connect((app.app.server.address() as AddressInfo).port, '127.0.0.1');
  socket.write('GET /api/health HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n');
  const [answer] = await once(socket, 'data');
  expect(String(answer)).toMatch(/^HTTP\/1.1 400 /);
  socket.destroy();
});
