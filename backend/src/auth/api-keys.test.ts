import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fakeClock } from '../../testing/auth/people.ts';
import { openTestDatabase } from '../../testing/database.ts';
import type { Database } from '../db/database.ts';
import { apiKeys as table } from '../db/tables/people.ts';
import { Forbidden, Invalid, NotFound, Unauthorized } from '../errors.ts';
import { createApiKeys } from './api-keys.ts';
import { theServerItself } from './audit.ts';
import { HOUR, MINUTE, momentAt, SECOND } from './clock.ts';

let database: Database;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());

describe('an API key', () => {
  it('identifies the key by name', async () => {
    const { apiKeys, made } = await makeKey();
    expect(await apiKeys.authenticate(made.key, 'ingest')).toMatchObject({ key_id: made.id, name: 'hospital a' });
  });

  it('is stored as a hash only, and never listed', async () => {
    const { apiKeys, made } = await makeKey();
    const seen = JSON.stringify([
      await database.db.select().from(table),
      await apiKeys.list({ ...aPage, visible: null }),
    ]);
    expect(seen).toContain(made.id);
    expect(seen).not.toContain(made.key.slice(3));
  });

  it('is refused at once where it is revoked, and within a second elsewhere', async () => {
    const { apiKeys, made, clock } = await makeKey();
    const elsewhere = createApiKeys(database.db, clock.now);
    await Promise.all([apiKeys, elsewhere].map(({ authenticate }) => authenticate(made.key, 'ingest')));
    await apiKeys.revoke(theServerItself, made.id);
    await expect(apiKeys.authenticate(made.key, 'ingest')).rejects.toBeInstanceOf(Unauthorized);
    clock.advance(SECOND);
    await expect(elsewhere.authenticate(made.key, 'ingest')).rejects.toBeInstanceOf(Unauthorized);
  });

  it('cannot be revoked twice, or without existing', async () => {
    const { apiKeys, made } = await makeKey();
    await apiKeys.revoke(theServerItself, made.id);
    await expect(apiKeys.revoke(theServerItself, made.id)).rejects.toBeInstanceOf(NotFound);
    await expect(apiKeys.revoke(theServerItself, randomUUID())).rejects.toBeInstanceOf(NotFound);
  });

  it('is marked as used, at most once a minute', async () => {
    const { apiKeys, made, clock } = await makeKey();
    const lastUse = async () =>
      (await apiKeys.list({ ...aPage, visible: null })).items.find(({ id }) => id === made.id)?.last_used_at;
    const first = momentAt(clock.now());
    await apiKeys.authenticate(made.key, 'ingest');
    clock.advance(MINUTE - SECOND);
    await apiKeys.authenticate(made.key, 'ingest');
    expect(await lastUse()).toBe(first);
    clock.advance(2 * SECOND);
    await apiKeys.authenticate(made.key, 'ingest');
    expect(await lastUse()).toBe(momentAt(clock.now()));
  });

  it('[P3] does only what it was made for: any other scope is refused by name', async () => {
    const { apiKeys, made } = await makeKey({ scopes: ['models'] });
    await expect(apiKeys.authenticate(made.key, 'models')).resolves.toMatchObject({ scopes: ['models'] });
    const refusal = apiKeys.authenticate(made.key, 'ingest');
    await expect(refusal).rejects.toThrow('the API key hospital a lacks the scope ingest');
    await expect(refusal).rejects.toBeInstanceOf(Forbidden);
  });

  it('does everything when no scope was named', async () => {
    const { made } = await makeKey();
    expect(made.scopes).toEqual(['ingest', 'models']);
  });

  it('[P3] is refused from the moment at which it expires, and listed as expired', async () => {
    const { apiKeys, made, clock } = await makeKey({ expires_at: '2026-01-31T13:00:00.000Z' });
    clock.advance(HOUR - 1);
    await apiKeys.authenticate(made.key, 'ingest');
    const isExpired = async () =>
      (await apiKeys.list({ ...aPage, visible: null })).items.find(({ id }) => id === made.id)?.is_expired;
    expect(await isExpired()).toBe(false);
    clock.advance(1);
    await expect(apiKeys.authenticate(made.key, 'ingest')).rejects.toThrow('expired at 2026-01-31T13:00:00.000Z');
    expect(await isExpired()).toBe(true);
  });

  it('cannot be made for the past', async () => {
    const { make } = await makeKey({ expires_at: '2026-01-31T12:00:01.000Z' }).then(({ clock, make }) => {
      clock.advance(SECOND);
      return { make };
    });
    await expect(make()).rejects.toBeInstanceOf(Invalid);
  });

  it.each(['', 'rk_', `rk_${'x'.repeat(43)}`, `rk_${'x'.repeat(5_000)}`])(
    'that was never made is refused: %.12s',
    async (key) => {
      await expect(createApiKeys(database.db).authenticate(key, 'ingest')).rejects.toBeInstanceOf(Unauthorized);
    },
  );
});

const aPage = { limit: 200, offset: 0 };

async function makeKey(overrides: Partial<Parameters<ReturnType<typeof createApiKeys>['create']>[1]> = {}) {
  const clock = fakeClock();
  const apiKeys = createApiKeys(database.db, clock.now);
  const make = () => apiKeys.create(theServerItself, { name: 'hospital a', ...overrides });
  return { clock, apiKeys, made: await make(), make };
}
