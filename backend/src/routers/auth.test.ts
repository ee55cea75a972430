import type { LightMyRequestResponse } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildAuthApp } from '../../testing/auth/app.ts';
import { fakeClock, makeUser } from '../../testing/auth/people.ts';
import { openTestDatabase } from '../../testing/database.ts';
import { DAY, MINUTE, SECOND } from '../auth/clock.ts';
import type { Database } from '../db/database.ts';
import { listAudit } from '../db/queries/audit.ts';
import { updateUser } from '../db/queries/users.ts';

const password = 'correct horse';

let database: Database;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());

describe('POST /api/auth/login', () => {
  it('answers an access token, who it is for, and a cookie no script can read', async () => {
    const { logIn, user } = await setUp();
    const answer = await logIn();
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toEqual({
      access_token: expect.any(String),
      token_type: 'bearer',
      expires_in: 900,
      user: { username: user.username, role: 'viewer' },
    });
    expect(answer.cookies).toEqual([
      {
        name: 'rondo_refresh',
        value: expect.any(String),
        path: '/api/auth',
        httpOnly: true,
        sameSite: 'Strict',
        maxAge: (7 * DAY) / SECOND,
      },
    ]);
    expect(answer.headers['cache-control']).toBe('no-store');
  });

  it('sends the cookie over https only, when it was asked over https', async () => {
    const { logIn } = await setUp();
    const answer = await logIn({ headers: { 'x-forwarded-proto': 'https' } });
    expect(answer.cookies).toMatchObject([
      { name: '__Host-rondo_refresh', secure: true, path: '/', httpOnly: true, sameSite: 'Strict' },
    ]);
    expect(answer.cookies[0]).not.toHaveProperty('domain');
  });

  it('sets a secure cookie, and accepts no other, whenever browsers must use https', async () => {
    const { logIn, post } = await setUp({ publicUrl: 'https://rondo.test' });
    const value = (await logIn()).cookies[0]?.value ?? '';
    const refresh = (name: string) => post('/api/auth/refresh', { cookies: { [name]: value } });
    expect((await refresh('rondo_refresh')).statusCode).toBe(401);
    expect((await refresh('__Host-rondo_refresh')).cookies).toMatchObject([
      { name: '__Host-rondo_refresh', secure: true },
    ]);
    const out = await post('/api/auth/logout', { cookies: { '__Host-rondo_refresh': value } });
    expect(out.cookies).toMatchObject([{ name: '__Host-rondo_refresh', value: '', path: '/', secure: true }]);
  });

  it('leaves an entry in the audit log, also when it fails, but never an unknown name', async () => {
    const { logIn, user } = await setUp();
    await logIn({ password: 'wrong horse' });
    await logIn();
    const entries = async (target?: string) =>
      (await listAudit(database.db, { visible: null, ...(target && { target }), limit: 2, offset: 0 })).items;
    expect(await entries(user.username)).toMatchObject([
      { action: 'sign_in', actor: user.username, detail: { method: 'password' }, address: '127.0.0.1' },
      { action: 'sign_in.failed', actor: null, detail: { method: 'password', reason: 'wrong password' } },
    ]);
    await logIn({ username: 'my secret password' });
    const [newest] = await entries();
    expect(newest).toMatchObject({ action: 'sign_in.failed', target: null, detail: { reason: 'unknown name' } });
    expect(JSON.stringify(newest)).not.toContain('secret');
  });

  it('takes the name in any case', async () => {
    const { logIn, user } = await setUp();
    expect((await logIn({ username: user.username.toUpperCase() })).statusCode).toBe(200);
  });

  it('says the same of a wrong name and a wrong password, and repeats neither', async () => {
    const { logIn } = await setUp();
    const wrongName = await logIn({ username: 'unknown-user' });
    const wrongPassword = await logIn({ password: 'wrong horse' });
    expect([wrongName.statusCode, wrongPassword.statusCode]).toEqual([401, 401]);
    expect(wrongName.json()).toEqual(wrongPassword.json());
    expect(wrongPassword.headers['www-authenticate']).toBe('Bearer');
    expect(wrongPassword.body).not.toMatch(/unknown-user|horse/);
  });

  it('refuses a disabled user as it refuses a wrong password', async () => {
    const { logIn, user } = await setUp();
    const wrong = await logIn({ password: 'wrong horse' });
    await updateUser(database.db, user.id, { disabled: true });
    expect((await logIn()).json()).toEqual(wrong.json());
  });

  it('refuses with 429 and Retry-After once this user has failed ten times, even with the right password', async () => {
    const { logIn } = await setUp();
    for (let n = 0; n < 10; n += 1) expect((await logIn({ password: 'wrong horse' })).statusCode).toBe(401);
    const answer = await logIn();
    expect(answer.statusCode).toBe(429);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
  });

  it('names the field of a body it cannot use, and does not repeat a secret in it', async () => {
    const { logIn } = await setUp();
    const answer = await logIn({ username: 'a\0b', password: 'long horse'.repeat(100) });
    expect(answer.statusCode).toBe(422);
    const paths = answer.json<{ errors: { path: string }[] }>().errors.map(({ path }) => path);
    expect(paths).toEqual(['username', 'password']);
    expect(answer.body).not.toContain('horse');
  });

  it('ends the session that the browser had before', async () => {
    const { logIn, me } = await setUp();
    const before = await logIn();
    await logIn({ cookies: cookiesOf(before) });
    expect((await me(before)).statusCode).toBe(401);
  });
});

describe('POST /api/auth/refresh', () => {
  it('answers as a sign-in does, with a new cookie', async () => {
    const { logIn, post, me } = await setUp();
    const answer = await post('/api/auth/refresh', { cookies: cookiesOf(await logIn()) });
    expect(answer.json()).toMatchObject({ token_type: 'bearer', expires_in: 900 });
    expect(answer.cookies).toHaveLength(1);
    expect((await me(answer)).statusCode).toBe(200);
  });

  it('leaves the cookie alone for the second of two tabs', async () => {
    const { logIn, post } = await setUp();
    const cookies = cookiesOf(await logIn());
    await post('/api/auth/refresh', { cookies });
    const second = await post('/api/auth/refresh', { cookies });
    expect([second.statusCode, second.cookies]).toEqual([200, []]);
  });

  it('ends the session and its access tokens when a replaced cookie is sent again', async () => {
    const { logIn, post, me, clock } = await setUp();
    const cookies = cookiesOf(await logIn());
    const second = await post('/api/auth/refresh', { cookies });
    const newest = await post('/api/auth/refresh', { cookies: cookiesOf(second) });
    clock.advance(MINUTE);
    expect((await post('/api/auth/refresh', { cookies })).statusCode).toBe(401);
    expect((await me(newest)).statusCode).toBe(401);
  });

  it('is 401 without a cookie', async () => {
    const { post } = await setUp();
    expect((await post('/api/auth/refresh', {})).statusCode).toBe(401);
  });
});

describe('POST /api/auth/logout', () => {
  it('ends the session at once and takes the cookie back', async () => {
    const { logIn, post, me } = await setUp();
    const session = await logIn();
    const answer = await post('/api/auth/logout', { cookies: cookiesOf(session) });
    expect([answer.statusCode, answer.body]).toEqual([204, '']);
    expect(answer.cookies).toMatchObject([{ name: 'rondo_refresh', value: '', path: '/api/auth' }]);
    expect((await me(session)).statusCode).toBe(401);
    expect((await post('/api/auth/refresh', { cookies: cookiesOf(session) })).statusCode).toBe(401);
  });

  it('is 204 again, and without a cookie', async () => {
    const { logIn, post } = await setUp();
    const cookies = cookiesOf(await logIn());
    const answers = [{ cookies }, { cookies }, {}].map((request) => post('/api/auth/logout', request));
    expect((await Promise.all(answers)).map(({ statusCode }) => statusCode)).toEqual([204, 204, 204]);
  });
});

describe('POST /api/auth/link', () => {
  it('signs in as a login does, once', async () => {
    const { auth, post, user } = await setUp();
    const payload = { token: await auth.createSignInLink(user.id) };
    const answer = await post('/api/auth/link', { payload });
    expect(answer.json()).toMatchObject({ token_type: 'bearer', user: { username: user.username } });
    expect(answer.cookies).toHaveLength(1);
    expect((await post('/api/auth/link', { payload })).statusCode).toBe(401);
  });
});

describe('a stranger', () => {
  it.each([
    ['/api/auth/link', 30],
    ['/api/auth/refresh', 600],
  ])('is 429 at %s after %i requests a minute from an address', async (url, limit) => {
    const { post } = await setUp();
    for (let n = 0; n < limit; n += 1) await post(url, { payload: { token: '' } });
    const answer = await post(url, { payload: { token: '' } });
    expect(answer.statusCode).toBe(429);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
  });

  it('is 429 anywhere in the API after 1,200; who is signed in at the same address is not', async () => {
    const { app, logIn, me } = await setUp();
    const session = await logIn();
    for (let n = 0; n < 1_199; n += 1) await app.inject({ url: '/api/nowhere' });
    expect((await app.inject({ url: '/api/auth/methods' })).statusCode).toBe(429);
    expect((await me(session)).statusCode).toBe(200);
  });
});

describe('GET /api/auth/methods', () => {
  it('says that there is only the password, and the routes of single sign-on are 404', async () => {
    const { app } = await setUp();
    expect((await app.inject({ url: '/api/auth/methods' })).json()).toEqual({ password: true, oidc: null });
    expect((await app.inject({ url: '/api/auth/oidc/start' })).statusCode).toBe(404);
    expect((await app.inject({ url: '/api/auth/oidc/callback' })).statusCode).toBe(404);
  });
});

describe('the routes of the cookie', () => {
  it.each(['login', 'refresh', 'logout', 'link'])('refuse a page of a foreign origin: %s', async (route) => {
    const { post } = await setUp();
    const answer = await post(`/api/auth/${route}`, { headers: { origin: 'http://evil.test' } });
    expect(answer.statusCode).toBe(403);
  });

  it('accept a page of their own origin', async () => {
    const { logIn } = await setUp();
    expect((await logIn({ headers: { origin: 'http://rondo.test' } })).statusCode).toBe(200);
  });
});

describe('GET /api/auth/me', () => {
  it('returns the signed-in user until the token expires', async () => {
    const { logIn, me, user, clock } = await setUp();
    const session = await logIn();
    expect((await me(session)).json()).toEqual({ username: user.username, role: 'viewer' });
    clock.advance(15 * MINUTE);
    expect((await me(session)).statusCode).toBe(401);
  });
});

describe('POST /api/auth/ws-ticket', () => {
  it('answers a ticket that opens one socket as this user', async () => {
    const { logIn, post, auth, user } = await setUp();
    const answer = await post('/api/auth/ws-ticket', { headers: bearerOf(await logIn()) });
    const { ticket, expires_in } = answer.json<{ ticket: string; expires_in: number }>();
    expect(expires_in).toBe(30);
    await expect(auth.authenticateSocket(ticket)).resolves.toMatchObject({ userId: user.id });
    await expect(auth.authenticateSocket(ticket)).rejects.toThrow('used');
  });
});

type Answer = LightMyRequestResponse;

const cookiesOf = (answer: Answer) => ({ rondo_refresh: answer.cookies[0]?.value ?? '' });
const bearerOf = (answer: Answer) => ({
  authorization: `Bearer ${answer.json<{ access_token: string }>().access_token}`,
});

interface Asked {
  readonly headers?: Record<string, string>;
  readonly cookies?: Record<string, string>;
  readonly payload?: Record<string, string>;
}

async function setUp(options: { publicUrl?: string } = {}) {
  const clock = fakeClock();
  const { app, auth } = await buildAuthApp(database.db, clock.now, options);
  const user = await makeUser(database.db, { password });
  const post = (url: string, asked: Asked) => app.inject({ method: 'POST', url, ...asked });
  return {
    app,
    clock,
    auth,
    user,
    post,
    logIn: ({ headers, cookies, ...wrong }: Omit<Asked, 'payload'> & { username?: string; password?: string } = {}) =>
      post('/api/auth/login', {
        ...(headers && { headers }),
        ...(cookies && { cookies }),
        payload: { username: user.username, password, ...wrong },
      }),
    me: (answer: Answer) => app.inject({ url: '/api/auth/me', headers: bearerOf(answer) }),
  };
}
