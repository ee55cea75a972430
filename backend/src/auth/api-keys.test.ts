import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../db/database.ts';
import { apiKeys as table } from '../db/tables/people.ts';
import { NotFound, Unauthorized } from '../errors.ts';
import { openTestDatabase } from '../testing/database.ts';
import { createApiKeys } from './api-keys.ts';
import { MINUTE, momentAt, SECOND } from './clock.ts';
import { fakeClock } from './testing/people.ts';

let database: Database;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());

describe('an API key', () => {
  it('tells which key it is, by name', async () => {
    const { apiKeys, made } = await makeKey();
    expect(await apiKeys.authenticate(made.key)).toEqual({ key_id: made.id, name: 'hospital a' });
  });

  it('is stored as a hash only, and never listed', async () => {
    const { apiKeys, made } = await makeKey();
    const seen = JSON.stringify([await database.db.select().from(table), await apiKeys.list()]);
    expect(seen).toContain(made.id);
    expect(seen).not.toContain(made.key.slice(3));
  });

  it('is refused at once where it is revoked, and within a second elsewhere', async () => {
    const { apiKeys, made, clock } = await makeKey();
    const elsewhere = createApiKeys(database.db, clock.now);
    await Promise.all([apiKeys, elsewhere].map(({ authenticate }) => authenticate(made.key)));
    await apiKeys.revoke(made.id);
    await expect(apiKeys.authenticate(made.key)).rejects.toBeInstanceOf(Unauthorized);
    clock.advance(SECOND);
    await expect(elsewhere.authenticate(made.key)).rejects.toBeInstanceOf(Unauthorized);
  });

  it('cannot be revoked twice, or without existing', async () => {
    const { apiKeys, made } = await makeKey();
    await apiKeys.revoke(made.id);
    await expect(apiKeys.revoke(made.id)).rejects.toBeInstanceOf(NotFound);
    await expect(apiKeys.revoke(randomUUID())).rejects.toBeInstanceOf(NotFound);
  });

  it('is marked as used, at most once a minute', async () => {
    const { apiKeys, made, clock } = await makeKey();
    const lastUse = async () => (await apiKeys.list()).items.find(({ id }) => id === made.id)?.last_used_at;
    const first = momentAt(clock.now());
    await apiKeys.authenticate(made.key);
    clock.advance(MINUTE - SECOND);
    await apiKeys.authenticate(made.key);
    expect(await lastUse()).toBe(first);
    clock.advance(2 * SECOND);
    await apiKeys.authenticate(made.key);
    expect(await lastUse()).toBe(momentAt(clock.now()));
  });

  it.each(['', 'rk_', `rk_${'x'.repeat(43)}`, `rk_${'x'.repeat(5_000)}`])(
    'that was never made is refused: %.12s',
    async (key) => {
      await expect(createApiKeys(database.db).authenticate(key)).rejects.toBeInstanceOf(Unauthorized);
    },
  );
});

async function makeKey() {
  const clock = fakeClock();
  const apiKeys = createApiKeys(database.db, clock.now);
  return { clock, apiKeys, made: await apiKeys.create('hospital a', null) };
}
