import { type ProjectRole, projectIdSchema } from '@rondo/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestApp, type TestApp } from '../testing/app.ts';
import { makeWorld, type World } from '../testing/exchanges.ts';
import { theServerItself } from './auth/audit.ts';
import { hashPassword } from './auth/passwords.ts';
import { findUserByName, insertUser } from './db/queries/users.ts';

const project = projectIdSchema.parse('default');
let app: TestApp;
let world: World;
beforeAll(async () => {
  app = await openTestApp();
  world = await makeWorld(app);
});
afterAll(() => app.close());

describe('[O5] a download', () => {
  async function aLink() {
    const person = await app.signIn('viewer');
    const { version } = await world.aModel();
    const { url } = (await app.ask('POST', `/api/models/${version}/download-link`, person.headers)).json();
    return { ...person, version, url: String(url) };
  }

  it('by a link is 404 after its user left the project', async () => {
    const { user, url } = await aLink();
    await app.auth.projects.removeMember(theServerItself, project, user.id);
    expect((await app.ask('GET', url)).statusCode).toBe(404);
  });

  it('by a link is 401 after its session ended', async () => {
    const { headers, url } = await aLink();
    await app.ask('POST', '/api/auth/logout', headers);
    expect((await app.ask('GET', url)).statusCode).toBe(401);
  });

  it('by a link is 401 after its user was disabled or deleted', async () => {
    const [disabled, deleted] = [await aLink(), await aLink()];
    await app.ask('PATCH', `/api/users/${disabled.user.id}`, world.admin.headers, { disabled: true });
    await app.ask('DELETE', `/api/users/${deleted.user.id}`, world.admin.headers);
    for (const { url } of [disabled, deleted]) expect((await app.ask('GET', url)).statusCode).toBe(401);
  });

  it('by a link is 404 after its run moved to another project', async () => {
    const { url } = await aLink();
    const { version, run_id } = await world.aModel();
    const person = await app.signIn('viewer');
    const moved = (await app.ask('POST', `/api/models/${version}/download-link`, person.headers)).json();
    const project_id = await world.aProject();
    const edit = await app.ask('PATCH', `/api/runs/${run_id}`, world.admin.headers, { project_id });
    expect(edit.statusCode).toBe(200);
    expect((await app.ask('GET', moved.url)).statusCode).toBe(404);
    expect((await app.ask('GET', url)).statusCode).toBe(200);
  });

  it('by a key is 401 after the key was revoked', async () => {
    const { version } = await world.aModel();
    const { id, key } = await app.auth.apiKeys.create(theServerItself, { name: 'a reader', scopes: ['read'] });
    const download = () => app.ask('GET', `/api/models/${version}/download`, { authorization: `Bearer ${key}` });
    expect((await download()).statusCode).toBe(200);
    await app.auth.apiKeys.revoke(theServerItself, id);
    expect((await download()).statusCode).toBe(401);
  });
});

describe('[O5] an admin of a project', () => {
  const asked = async (role: ProjectRole, username: string) => {
    const id = projectIdSchema.parse(await world.aProject());
    const { user, headers } = await app.signIn('viewer');
    await app.auth.projects.setMember(theServerItself, id, user.id, role);
    const query = new URLSearchParams({ username });
    return { id, headers, answer: await app.ask('GET', `/api/projects/${id}/candidates?${query}`, headers) };
  };

  it('finds a user by the whole name and adds them, and sees nothing else of them', async () => {
    const { user } = await app.signIn('viewer');
    const { id, headers, answer } = await asked('admin', user.username.toUpperCase());
    const items = [{ user_id: user.id, username: user.username }];
    expect(answer.json()).toEqual({ items, total: 1, limit: expect.any(Number), offset: 0 });
    const added = await app.ask('PUT', `/api/projects/${id}/members/${user.id}`, headers, { role: 'viewer' });
    expect(added.statusCode).toBe(200);
  });

  it('finds no user by a part of a name or a pattern', async () => {
    const { user } = await app.signIn('viewer');
    for (const part of [user.username.slice(0, -1), '%', 'user-%', '_'])
      expect((await asked('admin', part)).answer.json()).toMatchObject({ items: [], total: 0 });
  });

  it('is needed: a viewer may not look', async () => {
    expect((await asked('viewer', world.admin.user.username)).answer.statusCode).toBe(403);
  });
});

it('[security L1] every spelling that finds a user counts as that user, whatever the database folds', async () => {
  const password = 'purple monkey dishwasher';
  const user = { id: crypto.randomUUID(), username: 'kiss-istanbul', role: 'viewer' as const };
  const password_hash = await hashPassword(password);
  await insertUser(app.database.db, { ...user, password_hash, created_at: new Date().toISOString() });
  // Dotted and dotless i, the Kelvin sign, the long s, and full-width letters.
  const spellings = [
    'KISS-ISTANBUL',
    'kiss-\u0130stanbul',
    'k\u0131ss-istanbul',
    '\u212Aiss-istanbul',
    'ki\u017Fs-istanbul',
    '\uFF2Biss-istanbul',
  ];
  const found: string[] = [user.username];
  for (const name of spellings) if (await findUserByName(app.database.db, name)) found.push(name);
  expect(found).toContain('KISS-ISTANBUL');
  const signIn = (username: string, secret: string) =>
    app.app.inject({
      method: 'POST',
      url: '/api/auth/login',
      remoteAddress: '198.51.100.7',
      payload: { username, password: secret },
    });
  for (let n = 0; n < 10; n++)
    expect((await signIn(found[n % found.length] as string, 'wrong password')).statusCode).toBe(401);
  for (const name of found) expect([name, (await signIn(name, password)).statusCode]).toEqual([name, 429]);
  for (const name of spellings.filter((spelling) => !found.includes(spelling)))
    expect([name, (await signIn(name, password)).statusCode]).toEqual([name, 401]);
});
