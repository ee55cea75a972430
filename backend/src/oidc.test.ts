import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { projectIdSchema } from '@rondo/protocol';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openTestApp } from '../testing/app.ts';
import { openBrowser } from '../testing/auth/browser.ts';
import { makeUser } from '../testing/auth/people.ts';
import { clientId, clientSecret, scopes, startProvider, type TestProvider } from '../testing/auth/provider.ts';
import { openTestDatabase } from '../testing/database.ts';
import type { RoleRule } from './auth/oidc/claims.ts';
import { createAuth } from './auth/services.ts';
import type { Database } from './db/database.ts';
import { listAudit } from './db/queries/audit.ts';
import { insertProject, setMember } from './db/queries/projects.ts';
import { findUserByName, updateUser } from './db/queries/users.ts';
import { createLogger } from './logger.ts';

let database: Database;
beforeAll(async () => {
  // The provider warns that it keeps nothing and that its keys are known to all.
  vi.spyOn(console, 'warn').mockImplementation(() => {});
  database = await openTestDatabase();
});
afterAll(() => database.close());

describe('sign-in at a provider', () => {
  it('makes a viewer without a password, and brings the browser back to where it was', async () => {
    const { provider, browser, signIn, url, me } = await setUp();
    const ada = anAccount();
    provider.receive(ada);
    expect(await signIn('/runs/r-1?tab=clients')).toBe(`${url}/runs/r-1?tab=clients`);
    expect(await me()).toEqual({ username: ada.preferred_username, role: 'viewer' });
    expect(await findUserByName(database.db, ada.preferred_username)).toMatchObject({
      provider: 'oidc',
      password_hash: null,
      has_password: false,
      last_sign_in_at: expect.any(String),
    });
    expect([...browser.cookies(url).keys()]).toEqual(['rondo_refresh']);
  });

  it('leaves entries in the audit log: users that were created, and each sign-in with its method', async () => {
    const { provider, signIn } = await setUp();
    const ada = anAccount();
    provider.receive(ada);
    await signIn();
    const { items } = await listAudit(database.db, {
      visible: null,
      target: ada.preferred_username,
      limit: 9,
      offset: 0,
    });
    expect(items).toMatchObject([
      { action: 'sign_in', actor: ada.preferred_username, detail: { method: 'oidc' }, address: '127.0.0.1' },
      { action: 'user.create', actor: null, detail: { issuer: provider.issuer, subject: ada.sub, role: 'viewer' } },
    ]);
  });

  it('knows a user by issuer and subject: another name later is the same user', async () => {
    const { provider, signIn, openAnother } = await setUp();
    const ada = anAccount();
    provider.receive(ada);
    await signIn();
    provider.receive({ ...ada, preferred_username: 'renamed' });
    const later = openAnother();
    await later.signIn();
    expect(await later.me()).toMatchObject({ username: ada.preferred_username });
  });

  it('takes the e-mail address for a name where there is no other, unless the provider doubts it', async () => {
    const { provider, signIn, me, openAnother } = await setUp();
    const email = `${randomUUID()}@hospital.test`;
    provider.receive({ sub: randomUUID(), email });
    await signIn();
    expect(await me()).toMatchObject({ username: email });
    provider.receive({ sub: randomUUID(), email: `x${email}`, email_verified: false });
    expect(await openAnother().signIn()).toContain('/login?problem=no_username');
  });
});

describe('roles from a claim', () => {
  const rule = { roleClaim: 'groups', adminValues: ['fl-admins'], viewerValues: ['fl'] };

  it('make an admin, and are asked at every sign-in; other browsers with the old role have to sign in again', async () => {
    const { provider, signIn, me, openAnother } = await setUp(rule);
    const ada = anAccount({ groups: ['staff', 'fl-admins'] });
    provider.receive(ada);
    await signIn();
    expect(await me()).toMatchObject({ role: 'admin' });
    const another = openAnother();
    provider.receive({ ...ada, groups: ['fl'] });
    await another.signIn();
    expect(await another.me()).toMatchObject({ role: 'viewer' });
    expect(await me()).toBe(401);
  });

  it.each([
    'fl-admins,fl',
    'FL-ADMINS',
    ' fl-admins',
    ['fl-admins '],
    [['fl-admins']],
    { 'fl-admins': true },
    { includes: 'fl-admins' },
    true,
    null,
  ])('a claim that is not exactly a role is refused: %j creates no user', async (groups) => {
    const { provider, signIn } = await setUp(rule);
    const eve = anAccount({ groups });
    provider.receive(eve);
    expect(await signIn()).toContain('/login?problem=not_allowed');
    expect(await findUserByName(database.db, eve.preferred_username)).toBeUndefined();
    const { items } = await listAudit(database.db, {
      visible: null,
      target: eve.preferred_username,
      limit: 9,
      offset: 0,
    });
    expect(items).toMatchObject([{ action: 'sign_in.failed', detail: { method: 'oidc', reason: 'not_allowed' } }]);
  });

  it('a claim that is not exactly a role gives viewer where every user may sign in', async () => {
    const { provider, signIn, me } = await setUp({ ...rule, viewerValues: undefined });
    provider.receive(anAccount({ groups: 'fl-admins,fl' }));
    await signIn();
    expect(await me()).toMatchObject({ role: 'viewer' });
  });

  it('that are taken away at the provider end what was open at the next sign-in', async () => {
    const { provider, signIn, me, openAnother } = await setUp(rule);
    const ada = anAccount({ groups: ['fl'] });
    provider.receive(ada);
    await signIn();
    provider.receive({ ...ada, groups: [] });
    expect(await openAnother().signIn()).toContain('/login?problem=not_allowed');
    expect(await me()).toBe(401);
  });
});

describe('[O4] memberships from a claim', () => {
  const rule = { ...everybodyIsAViewer, projectClaim: 'groups' };

  it('are what the claim says; unknown projects and roles give none', async () => {
    const { provider, signIn, projects } = await setUp(rule);
    const [cardiology, oncology] = await Promise.all(['cardiology', 'oncology'].map(makeProject));
    const ada = anAccount();
    provider.receive({ ...ada, groups: [`${cardiology}:admin`, `${oncology}:owner`, 'no-such-project', 'default:'] });
    await signIn();
    expect(await projects()).toEqual([[cardiology, 'admin']]);
  });

  it('end at the next sign-in without them; those that an admin gave stay', async () => {
    const { provider, signIn, projects, openAnother } = await setUp(rule);
    const [claimed, given, both] = await Promise.all(['claimed', 'given', 'both'].map(makeProject));
    if (!claimed || !given || !both) throw new Error('three projects');
    const ada = anAccount();
    provider.receive({ ...ada, groups: [`${claimed}:admin`] });
    await signIn();
    const user = await findUserByName(database.db, ada.preferred_username);
    const added_at = new Date().toISOString();
    for (const project_id of [given, both])
      await setMember(database.db, { project_id, user_id: user?.id ?? '', role: 'viewer', added_at });
    // The provider asks again only in another browser.
    provider.receive({ ...ada, groups: [`${both}:admin`] });
    await openAnother().signIn();
    const kept = [
      [given, 'viewer'],
      [both, 'viewer'],
    ];
    expect(await projects()).toEqual(kept.sort());
    provider.receive({ ...ada, groups: [] });
    await openAnother().signIn();
    expect(await projects()).toEqual(kept.sort());
  });
});

async function makeProject(name: string) {
  const project_id = projectIdSchema.parse(`${name}-${randomUUID()}`);
  await insertProject(database.db, { project_id, name, created_at: new Date().toISOString() });
  return project_id;
}

describe('sign-in at a provider keeps out', () => {
  it('who is disabled here', async () => {
    const { provider, signIn } = await setUp();
    const ada = anAccount();
    provider.receive(ada);
    await signIn();
    const user = await findUserByName(database.db, ada.preferred_username);
    await updateUser(database.db, user?.id ?? '', { disabled: true });
    expect(await signIn()).toContain('/login?problem=disabled');
  });

  it.each(['a local user', 'a user of another subject'])(
    'who bears the name of %s, and changes nothing there',
    async (whose) => {
      const { provider, signIn, openAnother } = await setUp();
      const owner = anAccount();
      if (whose === 'a local user')
        owner.preferred_username = (await makeUser(database.db, { role: 'admin' })).username;
      else {
        provider.receive(owner);
        await signIn();
      }
      const before = await findUserByName(database.db, owner.preferred_username);
      const name = owner.preferred_username.toUpperCase();
      provider.receive(anAccount({ preferred_username: name }));
      expect(await openAnother().signIn()).toContain('/login?problem=username_taken');
      expect(await findUserByName(database.db, name)).toEqual(before);
    },
  );

  it('who refuses there', async () => {
    const { provider, signIn } = await setUp();
    provider.receive('refuses');
    expect(await signIn()).toContain('/login?problem=access_denied');
  });

  it('a browser that did not set out from here', async () => {
    const { provider, stopBefore, openAnother } = await setUp();
    provider.receive(anAccount());
    const callback = await stopBefore();
    expect(await openAnother().goTo(callback)).toContain('/login?problem=expired');
  });

  it('a browser that started another sign-in is refused: it cannot sign in as another user', async () => {
    const { provider, stopBefore, openAnother } = await setUp();
    provider.receive(anAccount());
    const attackers = await stopBefore();
    const victim = openAnother();
    await victim.stopBefore();
    expect(await victim.goTo(attackers)).toContain('/login?problem=sign_in_failed');
    // Refused by its state, before the provider is asked.
    expect(provider.countExchanges()).toBe(0);
  });

  it('a code that was given to another browser (PKCE)', async () => {
    const { provider, stopBefore, openAnother } = await setUp();
    provider.receive(anAccount());
    const stolen = new URL(await stopBefore()).searchParams.get('code') ?? '';
    const thief = openAnother();
    const own = new URL(await thief.stopBefore());
    own.searchParams.set('code', stolen);
    expect(await thief.goTo(own.href)).toContain('/login?problem=sign_in_failed');
  });

  it('a second use of the same answer', async () => {
    const { provider, stopBefore, goTo, url } = await setUp();
    provider.receive(anAccount());
    const callback = await stopBefore();
    expect(await goTo(callback)).toBe(`${url}/`);
    expect(await goTo(callback)).toContain('/login?problem=expired');
  });

  it.each(['', '?code=x', '?state=x&code=x', '?error=<script>', `?code=${'x'.repeat(9_000)}`])(
    'an answer that is none: %.20s',
    async (query) => {
      const { browser, stopBefore, url } = await setUp();
      await stopBefore();
      const answer = await browser.ask(`${url}/api/auth/oidc/callback${query}`);
      expect(answer.headers.get('location')).toBe('/login?problem=sign_in_failed');
    },
  );
});

describe('what is logged of a sign-in at a provider', () => {
  it('is its path and, if it fails, why; no code, no token, no secret', async () => {
    const lines: string[] = [];
    const logger = createLogger('trace', { write: (line) => lines.push(line) });
    const { provider, browser, goTo, stopBefore, openAnother, url } = await setUp(undefined, logger);
    provider.receive(anAccount());
    const good = await stopBefore();
    const sealed = browser.cookies(url).get('rondo_oidc') ?? '';
    await goTo(good);
    const thief = openAnother();
    const bad = new URL(await thief.stopBefore());
    bad.searchParams.set('code', 'x'.repeat(43));
    await thief.goTo(bad.href);
    const log = lines.join('');
    expect(log).toContain('"path":"/api/auth/oidc/callback"');
    expect(log).toContain('sign_in_failed');
    const { code, state } = Object.fromEntries(new URL(good).searchParams);
    const refresh = browser.cookies(url).get('rondo_refresh') ?? '';
    for (const secret of [code, state, sealed, refresh, clientSecret, 'x'.repeat(43), 'eyJ']) {
      expect(secret).toBeTruthy();
      expect(log).not.toContain(secret);
    }
  });
});

describe('GET /api/auth/oidc/start', () => {
  it('asks with PKCE, state and nonce, and no secret in the address', async () => {
    const { browser, url, provider } = await setUp();
    const { status, headers } = await browser.ask(`${url}/api/auth/oidc/start`);
    const asked = new URL(headers.get('location') ?? '');
    expect([status, asked.origin]).toEqual([302, provider.issuer]);
    expect(Object.fromEntries(asked.searchParams)).toEqual({
      client_id: clientId,
      redirect_uri: `${url}/api/auth/oidc/callback`,
      response_type: 'code',
      scope: scopes,
      state: expect.stringMatching(/^[\w-]{43}$/),
      nonce: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge_method: 'S256',
    });
    const cookie = headers.getSetCookie().join();
    expect(cookie).toMatch(/^rondo_oidc=.*; Max-Age=600; Path=\/api\/auth\/oidc; HttpOnly; SameSite=Lax$/);
    expect(headers.get('cache-control')).toBe('no-store');
  });

  it('needs a press of the button: a link from another site leads to the login page', async () => {
    const { browser, url } = await setUp();
    const from = async (site: string) => {
      const answer = await browser.ask(`${url}/api/auth/oidc/start`, { headers: { 'sec-fetch-site': site } });
      return answer.headers.get('location');
    };
    expect(await from('cross-site')).toBe('/login');
    expect(await from('same-origin')).toContain('/auth?');
    expect(await from('none')).toContain('/auth?');
  });

  it('says that the provider is away, and goes on when it is back', async () => {
    const { browser, url, provider } = await setUp();
    await provider.stop();
    const answer = await browser.ask(`${url}/api/auth/oidc/start`);
    expect(answer.headers.get('location')).toBe('/login?problem=provider_unavailable');
    await provider.resume();
    const again = await browser.ask(`${url}/api/auth/oidc/start`);
    expect(again.headers.get('location')).toContain('/auth?');
  });

  it.each([
    'https://evil.test',
    '//evil.test',
    '/\\evil.test',
    '/\t/evil.test',
    '/.//evil.test',
    'login',
    'javascript:1',
    '',
  ])('never redirects to another site afterwards: return_to=%j is 422', async (return_to) => {
    const { browser, url } = await setUp();
    const answer = await browser.ask(`${url}/api/auth/oidc/start?${new URLSearchParams({ return_to })}`);
    expect(answer.status).toBe(422);
  });

  it('takes a page of any letters', async () => {
    const { provider, signIn, url } = await setUp();
    provider.receive(anAccount());
    expect(await signIn('/runs/κ ✓')).toBe(`${url}/runs/%CE%BA%20%E2%9C%93`);
  });
});

/** A person that no other test uses. */
const anAccount = (claims: Record<string, unknown> = {}) => ({
  sub: randomUUID(),
  preferred_username: `ada-${randomUUID()}`,
  ...claims,
});

const servers: { close(): Promise<unknown> }[] = [];
const providers: TestProvider[] = [];
afterAll(async () => {
  await Promise.all(servers.map((app) => app.close()));
  await Promise.all(providers.map((provider) => provider.stop()));
});

const everybodyIsAViewer = { roleClaim: undefined, adminValues: [], viewerValues: undefined };

async function setUp(
  rule: RoleRule & { readonly projectClaim?: string } = everybodyIsAViewer,
  logger = createLogger('silent'),
) {
  let url = '';
  const callback = '/api/auth/oidc/callback';
  const provider = await startProvider(() => url + callback);
  providers.push(provider);
  const settings = {
    ...rule,
    issuer: provider.issuer,
    clientId,
    clientSecret,
    scopes,
    name: 'The clinic',
    get callbackUrl() {
      return url + callback;
    },
  };
  const auth = createAuth({ db: database.db, secretKey: 'a secret of at least thirty-two bytes', oidc: settings });
  const { app } = await openTestApp({ database, auth, logger });
  servers.push(app);
  await app.listen({ host: '127.0.0.1', port: 0 });
  url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;

  const openPerson = () => {
    const browser = openBrowser();
    const goTo = async (address: string) =>
      (await browser.follow(address, (at) => !at.includes('/api/') && at.startsWith(url))).at(-1) ?? '';
    const start = (return_to: string) => `${url}/api/auth/oidc/start?${new URLSearchParams({ return_to })}`;
    return {
      browser,
      goTo,
      /** The whole way there and back; answers the page at its end. */
      signIn: (return_to = '/') => goTo(start(return_to)),
      /** The way to where the provider sends the browser back, without going there. */
      stopBefore: async () => (await browser.follow(start('/'), (at) => at.startsWith(url + callback))).at(-1) ?? '',
      /** The page's first requests: exchange the cookie for a token, then read the signed-in user. */
      me: async (): Promise<unknown> => {
        const refreshed = await browser.ask(`${url}/api/auth/refresh`, { method: 'POST' });
        if (refreshed.status !== 200) return refreshed.status;
        return ((await refreshed.json()) as { user: unknown }).user;
      },
      /** The projects that the person sees, with the role in each. */
      projects: async (): Promise<unknown> => {
        const refreshed = await browser.ask(`${url}/api/auth/refresh`, { method: 'POST' });
        const { access_token } = (await refreshed.json()) as { access_token: string };
        const headers = { authorization: `Bearer ${access_token}` };
        const list = (await (await fetch(`${url}/api/projects`, { headers })).json()) as {
          items: { id: string; role: string }[];
        };
        return list.items.map(({ id, role }) => [id, role]);
      },
    };
  };
  return { provider, url, ...openPerson(), openAnother: openPerson };
}
