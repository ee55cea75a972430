import { randomUUID } from 'node:crypto';
import type { Role } from '@rondo/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildAuthApp } from '../../testing/auth/app.ts';
import { aVisit, fakeClock, makeUser } from '../../testing/auth/people.ts';
import { openTestDatabase } from '../../testing/database.ts';
import type { Database } from '../db/database.ts';
import { listAudit } from '../db/queries/audit.ts';

let database: Database;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());

describe('API keys', () => {
  it('are shown once when made, then listed without the key', async () => {
    const { ask, makeKey, user } = await setUp('admin');
    const made = await makeKey('hospital a');
    const { key, ...shown } = made;
    expect(key).toMatch(/^rk_[\w-]{43}$/);
    const { items, total } = (await ask('GET', '/api/keys')).json<{ items: { id: string }[]; total: number }>();
    expect(total).toBe(items.length);
    expect(shown).toEqual({
      id: made.id,
      name: 'hospital a',
      project_id: 'default',
      scopes: ['ingest', 'models'],
      created_at: '2026-01-31T12:00:00.000Z',
      created_by: user.username,
      last_used_at: null,
      expires_at: null,
      is_expired: false,
    });
    expect(items.find(({ id }) => id === made.id)).toEqual(shown);
  });

  it('stop reporting when revoked; then they are 404', async () => {
    const { ask, makeKey, report } = await setUp('admin');
    const { id, key } = await makeKey();
    expect((await report({ 'x-api-key': key })).statusCode).toBe(200);
    const revoked = await ask('DELETE', `/api/keys/${id}`);
    expect([revoked.statusCode, revoked.body]).toEqual([204, '']);
    expect((await report({ 'x-api-key': key })).statusCode).toBe(401);
    expect((await ask('DELETE', `/api/keys/${id}`)).statusCode).toBe(404);
  });

  it.each([
    ['GET', '/api/keys'],
    ['POST', '/api/keys'],
    ['DELETE', `/api/keys/${randomUUID()}`],
  ] as const)('are not for viewers: %s %s is 403', async (method, url) => {
    const { ask } = await setUp('viewer');
    expect((await ask(method, url)).statusCode).toBe(403);
  });

  it.each(['', 'x'.repeat(129), 'a\0b'])('need a name of 1 to 128 characters that can be stored: %j', async (name) => {
    const { ask } = await setUp('admin');
    const answer = await ask('POST', '/api/keys', { name });
    expect(answer.statusCode).toBe(422);
    expect(answer.json()).toMatchObject({ errors: [{ path: 'name' }] });
  });

  it.each([
    [{ scopes: [] }, 'scopes'],
    [{ scopes: ['admin'] }, 'scopes.0'],
    [{ expires_at: 'tomorrow' }, 'expires_at'],
    [{ expires_at: '2026-01-31T11:59:59.000Z' }, 'expires_at'],
  ])('refuse %j and name the field', async (overrides, path) => {
    const { ask } = await setUp('admin');
    const answer = await ask('POST', '/api/keys', { name: 'a', ...overrides });
    expect(answer.statusCode).toBe(422);
    expect(answer.json<{ errors: object[] }>().errors[0]).toMatchObject({ path });
  });

  it('leave an entry in the audit log when made and when revoked, without the key', async () => {
    const { ask, makeKey, user } = await setUp('admin');
    const { id, key } = await makeKey('hospital a');
    await ask('DELETE', `/api/keys/${id}`);
    const { items } = await listAudit(database.db, { visible: null, target: id, limit: 9, offset: 0 });
    expect(items).toMatchObject([
      { action: 'key.revoke', actor: user.username, detail: { name: 'hospital a' } },
      { action: 'key.create', actor: user.username, detail: { scopes: ['ingest', 'models'] } },
    ]);
    expect(JSON.stringify(items)).not.toContain(key);
  });

  it('have ids that are UUIDs: any other is 422', async () => {
    const { ask } = await setUp('admin');
    expect((await ask('DELETE', '/api/keys/one')).statusCode).toBe(422);
  });
});

describe('who may do what', () => {
  it.each(['authorization', 'x-api-key'])('an API key reports, from the header %s', async (header) => {
    const { makeKey, report } = await setUp('admin');
    const { id, key } = await makeKey('hospital a');
    const answer = await report({ [header]: header === 'authorization' ? `Bearer ${key}` : key });
    expect(answer.json()).toMatchObject({ key_id: id, name: 'hospital a' });
  });

  it('[P3] an API key does nothing that needs a person, and the answer says so', async () => {
    const { app, makeKey } = await setUp('admin');
    const { key } = await makeKey();
    for (const url of ['/for-admins', '/api/auth/me']) {
      const answer = await app.inject({ url, headers: { authorization: `Bearer ${key}` } });
      expect(answer.statusCode).toBe(401);
      expect(answer.json<{ detail: string }>().detail).toContain('an API key cannot do this');
    }
  });

  it('an API key made for one thing is 403 at another', async () => {
    const { app, ask } = await setUp('admin');
    const { key } = (await ask('POST', '/api/keys', { name: 'a', scopes: ['models'] })).json<{ key: string }>();
    const at = (url: string) => app.inject({ method: 'POST', url, headers: { 'x-api-key': key } });
    expect((await at('/for-checkpoints')).statusCode).toBe(200);
    expect((await at('/for-reporters')).statusCode).toBe(403);
  });

  it('a signed-in user does not report', async () => {
    const { token, report } = await setUp('admin');
    expect((await report({ authorization: `Bearer ${token}` })).statusCode).toBe(401);
    expect((await report({ 'x-api-key': token })).statusCode).toBe(401);
  });

  it('a viewer is 403 where an admin is let in', async () => {
    const [viewer, admin] = [await setUp('viewer'), await setUp('admin')];
    expect((await viewer.ask('GET', '/for-admins')).statusCode).toBe(403);
    expect((await admin.ask('GET', '/for-admins')).statusCode).toBe(200);
  });

  it.each([undefined, 'Bearer', 'Bearer x', 'Basic eDp5', 'Bearer a.b.c'])(
    'an unauthenticated request is 401 and says how to sign in, with Authorization %s',
    async (authorization) => {
      const { app } = await setUp('viewer');
      const answer = await app.inject({ url: '/for-admins', headers: authorization ? { authorization } : {} });
      expect([answer.statusCode, answer.headers['www-authenticate']]).toEqual([401, 'Bearer']);
    },
  );

  it('an unauthenticated request is refused before its body is read', async () => {
    const { app } = await setUp('viewer');
    const answer = await app.inject({ method: 'POST', url: '/api/keys', payload: { name: '' } });
    expect(answer.statusCode).toBe(401);
  });
});

async function setUp(role: Role) {
  const { app, auth } = await buildAuthApp(database.db, fakeClock().now);
  const user = await makeUser(database.db, { role });
  const token = await auth.accessTokens.issue(user, (await auth.sessions.start(user, aVisit)).session_id);
  const ask = (method: 'GET' | 'POST' | 'DELETE', url: string, payload?: Record<string, unknown>) =>
    app.inject({ method, url, headers: { authorization: `Bearer ${token}` }, ...(payload && { payload }) });
  return {
    app,
    user,
    token,
    ask,
    makeKey: async (name = 'a key') =>
      (await ask('POST', '/api/keys', { name })).json<{ id: string; name: string; key: string }>(),
    report: (headers: Record<string, string>) => app.inject({ method: 'POST', url: '/for-reporters', headers }),
  };
}
