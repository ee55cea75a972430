import { randomUUID } from 'node:crypto';
import type { Db } from '../db/database.ts';
import { findKeyByHash, insertKey, listKeys, revokeKey, touchKey } from '../db/queries/api-keys.ts';
import { NotFound, Unauthorized } from '../errors.ts';
import { type Clock, MINUTE, momentAt, SECOND } from './clock.ts';
import type { ReporterKey } from './principal.ts';
import { hashSecret, randomSecret } from './secrets.ts';
import { createTtlCache } from './ttl-cache.ts';

const keyForm = /^rk_[\w-]{43}$/;

export function createApiKeys(db: Db, now: Clock = Date.now) {
  const known = createTtlCache<ReporterKey | undefined>({
    ttlMs: SECOND,
    max: 10_000,
    now,
    async load(key_hash) {
      const key = await findKeyByHash(db, key_hash);
      // A reporter sends every second; when it was last seen is worth a write a minute.
      if (key) await touchKey(db, key.key_id, momentAt(now()), momentAt(now() - MINUTE));
      return key;
    },
  });

  return {
    /** The only moment at which the key itself is known. */
    async create(name: string, created_by: string | null) {
      const id = randomUUID();
      const key = `rk_${randomSecret()}`;
      await insertKey(db, { id, name, key_hash: hashSecret(key), created_at: momentAt(now()), created_by });
      return { id, name, key };
    },

    async list() {
      const items = await listKeys(db);
      return { items, total: items.length };
    },

    async revoke(id: string): Promise<void> {
      const key_hash = await revokeKey(db, id, momentAt(now()));
      if (key_hash === undefined) throw new NotFound(`there is no API key ${id}`);
      known.set(key_hash, undefined);
    },

    /** Throws `Unauthorized` unless this is a key that has not been revoked more than a second ago. */
    async authenticate(key: string): Promise<ReporterKey> {
      const found = keyForm.test(key) ? await known.get(hashSecret(key)) : undefined;
      if (!found) throw new Unauthorized('the API key is unknown or revoked');
      return found;
    },
  };
}
