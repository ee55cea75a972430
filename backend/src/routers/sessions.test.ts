import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openAuthTest } from '../../testing/auth/client.ts';
import { aRequest, aVisit } from '../../testing/auth/people.ts';
import { openTestDatabase } from '../../testing/database.ts';
import { MINUTE } from '../auth/clock.ts';
import type { Database } from '../db/database.ts';
import { listAudit } from '../db/queries/audit.ts';

const password = 'correct horse';

let database: Database;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());

describe('your sessions', () => {
  it('are listed, last used first, without their secrets', async () => {
    const { ask, session_id, cookie, other, clock, auth } = await setUp();
    clock.advance(MINUTE);
    await auth.sessions.refresh(cookie, aRequest);
    const answer = await ask('GET', '/api/auth/sessions');
    expect(answer.json()).toMatchObject({
      total: 2,
      items: [
        {
          id: session_id,
          is_current: true,
          user_agent: 'test',
          address: '192.0.2.1',
          last_used_at: '2026-01-31T12:01:00.000Z',
          expires_at: '2026-03-02T12:00:00.000Z',
        },
        { id: other.session_id, is_current: false },
      ],
    });
    expect(answer.body).not.toMatch(/hash|secret/);
  });

  it('end when you end them, with an entry in the audit log, and are then 404', async () => {
    const { ask, other, auth, user } = await setUp();
    const url = `/api/auth/sessions/${other.session_id}`;
    expect((await ask('DELETE', url)).statusCode).toBe(204);
    expect(await auth.sessions.isActive(other.session_id)).toBe(false);
    expect((await ask('DELETE', url)).statusCode).toBe(404);
    const { items } = await listAudit(database.db, { visible: null, target: other.session_id, limit: 9, offset: 0 });
    expect(items).toMatchObject([{ action: 'session.end', actor: user.username }]);
  });

  it('are yours alone: those of others are 404 and stay', async () => {
    const { signIn, other, auth } = await setUp();
    const admin = await signIn('admin');
    expect((await admin.ask('DELETE', `/api/auth/sessions/${other.session_id}`)).statusCode).toBe(404);
    expect(await auth.sessions.isActive(other.session_id)).toBe(true);
    expect((await admin.ask('DELETE', `/api/auth/sessions/${randomUUID()}`)).statusCode).toBe(404);
    expect((await admin.ask('DELETE', '/api/auth/sessions/one')).statusCode).toBe(422);
  });
});

describe('POST /api/auth/password', () => {
  const url = '/api/auth/password';

  it('changes the password, ends the other sessions and leaves this one', async () => {
    const { ask, other, auth, logIn, user } = await setUp();
    const answer = await ask('POST', url, { current_password: password, new_password: 'another horse' });
    expect([answer.statusCode, answer.body]).toEqual([204, '']);
    expect(await auth.sessions.isActive(other.session_id)).toBe(false);
    expect((await ask('GET', '/api/auth/me')).statusCode).toBe(200);
    expect((await logIn(password)).statusCode).toBe(401);
    expect((await logIn('another horse')).statusCode).toBe(200);
    const { items } = await listAudit(database.db, {
      visible: null,
      action: 'user.password',
      target: user.username,
      limit: 9,
      offset: 0,
    });
    expect(items).toMatchObject([{ actor: user.username }]);
  });

  it('is 422 at current_password when that is wrong, and changes nothing', async () => {
    const { ask, logIn } = await setUp();
    const answer = await ask('POST', url, { current_password: 'wrong horse', new_password: 'another horse' });
    expect(answer.statusCode).toBe(422);
    expect(answer.json()).toMatchObject({ errors: [{ path: 'current_password' }] });
    expect((await logIn(password)).statusCode).toBe(200);
  });

  it('cannot be used to guess: 429 after ten tries', async () => {
    const { ask } = await setUp();
    const guess = () => ask('POST', url, { current_password: 'wrong horse', new_password: 'another horse' });
    for (let n = 0; n < 10; n += 1) expect((await guess()).statusCode).toBe(422);
    expect((await guess()).statusCode).toBe(429);
  });

  it.each(['short', 'password123', 'x'.repeat(257)])('is 422 at new_password for %.12s', async (new_password) => {
    const { ask } = await setUp();
    const answer = await ask('POST', url, { current_password: password, new_password });
    expect(answer.statusCode).toBe(422);
    expect(answer.json()).toMatchObject({ errors: [{ path: 'new_password' }] });
  });

  it('takes 256 characters of any kind, and reads every one of them', async () => {
    const { ask, logIn } = await setUp();
    const long = 'ö 🐎'.repeat(64);
    expect((await ask('POST', url, { current_password: password, new_password: long })).statusCode).toBe(204);
    expect((await logIn(`${long.slice(0, -2)}x`)).statusCode).toBe(401);
    expect((await logIn(long)).statusCode).toBe(200);
  });

  it('is 401 without a user', async () => {
    const { app } = await setUp();
    expect((await app.inject({ method: 'POST', url })).statusCode).toBe(401);
  });
});

async function setUp() {
  const test = await openAuthTest(database.db);
  const viewer = await test.signIn('viewer', password);
  const other = await test.auth.sessions.start(viewer.user, aVisit);
  const logIn = (tried: string) =>
    test.app.inject({
      method: 'POST',
      url: '/api/auth/login',
      payload: { username: viewer.user.username, password: tried },
    });
  return { ...test, ...viewer, other, logIn };
}
