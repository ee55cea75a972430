import { randomUUID } from 'node:crypto';
import { ne } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openAuthTest } from '../../testing/auth/client.ts';
import { aRequest, makeUser } from '../../testing/auth/people.ts';
import { openTestDatabase } from '../../testing/database.ts';
import type { Database } from '../db/database.ts';
import { listAudit } from '../db/queries/audit.ts';
import { findUser, insertUser, updateUser } from '../db/queries/users.ts';
import { users } from '../db/tables/people.ts';

const password = 'correct horse';

let database: Database;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());

describe('users', () => {
  it('are made by an admin, without their password in any answer, and sign in', async () => {
    const { ask, logIn } = await setUp();
    const username = aName();
    const made = await ask('POST', '/api/users', { username, password, role: 'viewer' });
    expect(made.statusCode).toBe(201);
    expect(made.json()).toEqual({
      id: expect.any(String),
      username,
      role: 'viewer',
      disabled: false,
      created_at: '2026-01-31T12:00:00.000Z',
      last_sign_in_at: null,
      has_password: true,
      provider: null,
    });
    expect((await logIn(username)).statusCode).toBe(200);
    const { items } = (await ask('GET', '/api/users?limit=200')).json<{ items: { username: string }[] }>();
    expect(items.find((user) => user.username === username)).toMatchObject({
      last_sign_in_at: '2026-01-31T12:00:00.000Z',
    });
    expect(JSON.stringify([made.json(), items])).not.toMatch(/argon2|correct horse/);
  });

  it('have names that differ in more than case: another is 409', async () => {
    const { ask } = await setUp();
    const username = aName();
    await ask('POST', '/api/users', { username, password, role: 'viewer' });
    const again = await ask('POST', '/api/users', { username: username.toUpperCase(), password, role: 'admin' });
    expect(again.statusCode).toBe(409);
  });

  it.each([
    [{ username: 'a b' }, 'username'],
    [{ username: '' }, 'username'],
    [{ password: 'short' }, 'password'],
    [{ password: 'Password123' }, 'password'],
    [{ username: 'hospital-a', password: 'Hospital-A2026!' }, 'password'],
    [{ password: 'rondo2026' }, 'password'],
    [{ role: 'root' }, 'role'],
    [{ role: ['admin'] }, 'role'],
  ])('are refused with %j, and the answer names the field', async (wrong, path) => {
    const { ask } = await setUp();
    const answer = await ask('POST', '/api/users', { username: aName(), password, role: 'viewer', ...wrong });
    expect(answer.statusCode).toBe(422);
    expect(answer.json<{ errors: object[] }>().errors[0]).toMatchObject({ path });
  });

  it.each([{}, { nothing: 1 }])('are not changed by %j: 422', async (change) => {
    const { ask } = await setUp();
    const { id } = await makeUser(database.db);
    expect((await ask('PATCH', `/api/users/${id}`, change)).statusCode).toBe(422);
  });

  it('are 404 when they do not exist, and 422 when the id is none', async () => {
    const { ask } = await setUp();
    expect((await ask('PATCH', `/api/users/${randomUUID()}`, { role: 'admin' })).statusCode).toBe(404);
    expect((await ask('DELETE', `/api/users/${randomUUID()}`)).statusCode).toBe(404);
    expect((await ask('DELETE', '/api/users/1')).statusCode).toBe(422);
  });

  it.each([
    ['GET', '/api/users'],
    ['POST', '/api/users'],
    ['PATCH', `/api/users/${randomUUID()}`],
    ['DELETE', `/api/users/${randomUUID()}`],
    ['DELETE', `/api/users/${randomUUID()}/sessions`],
    ['GET', '/api/audit'],
  ] as const)('and their log are for admins: %s %s is 403 for a viewer', async (method, url) => {
    const { signIn } = await setUp();
    const viewer = await signIn('viewer');
    expect((await viewer.ask(method, url)).statusCode).toBe(403);
  });

  it.each([
    ['another role', { role: 'admin' }],
    ['a password that an admin sets', { password: 'another horse' }],
    ['being disabled', { disabled: true }],
  ])('lose their sessions by %s', async (_, change) => {
    const { ask, signIn } = await setUp();
    const viewer = await signIn('viewer');
    expect((await viewer.ask('GET', '/api/auth/me')).statusCode).toBe(200);
    expect((await ask('PATCH', `/api/users/${viewer.user.id}`, change)).statusCode).toBe(200);
    expect((await viewer.ask('GET', '/api/auth/me')).statusCode).toBe(401);
  });

  it('are signed out everywhere by an admin, and may come back', async () => {
    const { ask, signIn, logIn } = await setUp();
    const viewer = await signIn('viewer', password);
    expect((await ask('DELETE', `/api/users/${viewer.user.id}/sessions`)).statusCode).toBe(204);
    expect((await viewer.ask('GET', '/api/auth/me')).statusCode).toBe(401);
    expect((await logIn(viewer.user.username)).statusCode).toBe(200);
    expect((await ask('DELETE', `/api/users/${randomUUID()}/sessions`)).statusCode).toBe(404);
  });

  it('keep their sessions when nothing changes', async () => {
    const { ask, signIn } = await setUp();
    const viewer = await signIn('viewer');
    await ask('PATCH', `/api/users/${viewer.user.id}`, { role: 'viewer', disabled: false });
    expect((await viewer.ask('GET', '/api/auth/me')).statusCode).toBe(200);
  });

  it('sign in with the password that an admin set, and an unused link no longer works', async () => {
    const { ask, logIn, auth } = await setUp();
    const user = await makeUser(database.db, { password });
    const link = await auth.createSignInLink(user.id);
    await ask('PATCH', `/api/users/${user.id}`, { password: 'another horse' });
    expect((await logIn(user.username)).statusCode).toBe(401);
    expect((await logIn(user.username, 'another horse')).statusCode).toBe(200);
    await expect(auth.redeemSignInLink(aRequest, link)).rejects.toThrow('unknown, used or expired');
  });

  it('are gone when deleted, with their sessions; the keys they made stay', async () => {
    const { ask, signIn, auth } = await setUp();
    const other = await signIn('admin');
    const { id, key } = (await other.ask('POST', '/api/keys', { name: 'a' })).json<{ id: string; key: string }>();
    expect((await ask('DELETE', `/api/users/${other.user.id}`)).statusCode).toBe(204);
    expect((await other.ask('GET', '/api/auth/me')).statusCode).toBe(401);
    await expect(auth.apiKeys.authenticate(key, 'ingest')).resolves.toMatchObject({ key_id: id });
    expect((await ask('DELETE', `/api/users/${other.user.id}`)).statusCode).toBe(404);
  });
});

describe('the last admin', () => {
  it.each([
    ['PATCH', { role: 'viewer' }],
    ['PATCH', { disabled: true }],
    ['DELETE', undefined],
  ] as const)('stays: %s %j is 409', async (method, change) => {
    const { ask, user } = await setUpAlone();
    const answer = await ask(method, `/api/users/${user.id}`, change);
    expect(answer.statusCode).toBe(409);
    expect(answer.json<{ detail: string }>().detail).toContain('last admin');
    expect(await findUser(database.db, user.id)).toMatchObject({ role: 'admin', disabled: false });
  });

  it('may still get another password', async () => {
    const { ask, user } = await setUpAlone();
    expect((await ask('PATCH', `/api/users/${user.id}`, { password: 'another horse' })).statusCode).toBe(200);
  });

  it('[P5] is left when two admins disable each other at once', async () => {
    const { ask, signIn, user } = await setUpAlone();
    const other = await signIn('admin');
    const answers = await Promise.all([
      ask('PATCH', `/api/users/${other.user.id}`, { disabled: true }),
      other.ask('PATCH', `/api/users/${user.id}`, { disabled: true }),
    ]);
    const enabled = await Promise.all([user.id, other.user.id].map((id) => findUser(database.db, id)));
    expect(answers.filter(({ statusCode }) => statusCode === 200)).toHaveLength(1);
    expect(enabled.filter((admin) => admin?.disabled === false)).toHaveLength(1);
  });
});

describe('a user of the identity provider', () => {
  it.each([
    [{ password: 'another horse' }, 'has no password here'],
    [{ role: 'admin' }, 'comes from the identity provider'],
  ])('is not given %j here', async (change, detail) => {
    const { ask } = await setUp({ roleClaim: 'groups' });
    const id = await makeProviderUser();
    const answer = await ask('PATCH', `/api/users/${id}`, change);
    expect([answer.statusCode, answer.json<{ detail: string }>().detail]).toEqual([
      409,
      expect.stringContaining(detail),
    ]);
  });

  it('gets a role here while the provider sends none', async () => {
    const { ask } = await setUp();
    const answer = await ask('PATCH', `/api/users/${await makeProviderUser()}`, { role: 'admin' });
    expect(answer.json()).toMatchObject({ role: 'admin', has_password: false, provider: 'oidc' });
  });
});

describe('the audit log of users', () => {
  it('names the actor, the act and the user, and no password', async () => {
    const { ask, user } = await setUp();
    const username = aName();
    const { id } = (await ask('POST', '/api/users', { username, password, role: 'viewer' })).json<{ id: string }>();
    await ask('PATCH', `/api/users/${id}`, { role: 'admin', password: 'another horse' });
    await ask('DELETE', `/api/users/${id}`);
    const answer = await ask('GET', `/api/audit?target=${username}`);
    expect(answer.json()).toMatchObject({
      total: 3,
      limit: 20,
      offset: 0,
      items: [
        { action: 'user.delete', actor: user.username, address: '127.0.0.1' },
        { action: 'user.update', detail: { role: 'admin', password: 'changed' } },
        { action: 'user.create', detail: { role: 'viewer' }, request_id: expect.any(String) },
      ],
    });
    expect(answer.body).not.toContain('horse');
  });

  it('is filtered by actor, action and time', async () => {
    const { ask, user, clock } = await setUp();
    await ask('POST', '/api/users', { username: aName(), password, role: 'viewer' });
    clock.advance(60_000);
    await ask('POST', '/api/users', { username: aName(), password, role: 'viewer' });
    const count = async (query: string) =>
      (await ask('GET', `/api/audit?actor=${user.username}&${query}`)).json<{ total: number }>().total;
    expect(await count('action=user.create')).toBe(2);
    expect(await count('action=user.delete')).toBe(0);
    expect(await count('from=2026-01-31T12:01:00Z')).toBe(1);
    expect(await count('to=2026-01-31T12:01:00Z')).toBe(1);
    expect(await count('from=2026-01-31T13:00:00%2B01:00&to=2026-01-31T12:01:00.001Z')).toBe(2);
    expect((await ask('GET', '/api/audit?action=user.invent')).statusCode).toBe(422);
  });

  it('[P6] keeps nothing of a change that was refused', async () => {
    const { ask, user } = await setUpAlone();
    await ask('PATCH', `/api/users/${user.id}`, { disabled: true });
    const { total } = await listAudit(database.db, { visible: null, target: user.username, limit: 1, offset: 0 });
    expect(total).toBe(0);
  });

  it.each(['POST', 'PUT', 'PATCH', 'DELETE'] as const)(
    '[P6] cannot be changed through the API: %s is 404',
    async (method) => {
      const { ask } = await setUp();
      expect((await ask(method, '/api/audit')).statusCode).toBe(404);
      expect((await ask(method, '/api/audit/1')).statusCode).toBe(404);
    },
  );
});

const aName = () => `user-${randomUUID()}`;

async function setUp({ roleClaim }: { roleClaim?: string } = {}) {
  const oidc = {
    issuer: 'https://id.test',
    clientId: 'rondo',
    clientSecret: undefined,
    scopes: 'openid',
    name: 'Single sign-on',
    callbackUrl: 'https://rondo.test/api/auth/oidc/callback',
    roleClaim,
    adminValues: [],
    viewerValues: undefined,
  };
  const test = await openAuthTest(database.db, { oidc });
  const admin = await test.signIn('admin');
  const logIn = (username: string, tried = password) =>
    test.app.inject({ method: 'POST', url: '/api/auth/login', payload: { username, password: tried } });
  return { ...test, ...admin, logIn };
}

/** The only admin who can sign in. */
async function setUpAlone() {
  const test = await setUp();
  await database.db.update(users).set({ disabled: true }).where(ne(users.id, test.user.id));
  await updateUser(database.db, test.user.id, { disabled: false });
  return test;
}

async function makeProviderUser(): Promise<string> {
  const id = randomUUID();
  const identity = { provider: 'oidc', issuer: 'https://id.test', subject: id } as const;
  await insertUser(database.db, {
    id,
    username: aName(),
    role: 'viewer',
    created_at: '2026-01-31T12:00:00Z',
    ...identity,
  });
  return id;
}
