import { randomUUID } from 'node:crypto';
import { defaultProject, type ProjectId, reporterScopes, type Scope } from '@rondo/protocol';
import type { Db } from '../db/db.ts';
import { findKey, findKeyByHash, insertKey, listKeys, revokeKey, touchKey } from '../db/queries/api-keys.ts';
import type { Page } from '../db/queries/page.ts';
import type { Visible } from '../db/queries/projects.ts';
import { isDiskFull } from '../db/transient.ts';
import { Forbidden, Invalid, NotFound, Unauthorized } from '../errors.ts';
import { type AuditedRequest, recordAudit } from './audit.ts';
import { type Clock, HOUR, MINUTE, momentAt, SECOND } from './clock.ts';
import type { ReporterKey } from './principal.ts';
import { hashSecret, randomSecret } from './secrets.ts';
import type { Sessions } from './sessions.ts';
import { createTtlCache } from './ttl-cache.ts';

const keyForm = /^rk_[\w-]{43}$/;

interface KeyWish {
  readonly name: string;
  readonly scopes?: readonly Scope[] | undefined;
  readonly expires_at?: string | null | undefined;
  readonly project_id?: ProjectId | undefined;
}

/** A socket that a key opened ends like one of a sign-in that ends. */
const keyPrefix = 'key:';
export const sessionOfKey = (key_id: string): string => `${keyPrefix}${key_id}`;
export const keyOfSession = (id: string): string | undefined =>
  id.startsWith(keyPrefix) ? id.slice(keyPrefix.length) : undefined;

type KnownKey = NonNullable<Awaited<ReturnType<typeof findKeyByHash>>>;

export function createApiKeys(db: Db, now: Clock = Date.now, sessions?: Pick<Sessions, 'announceEnded'>) {
  const known = createTtlCache<KnownKey | undefined>({
    ttlMs: SECOND,
    max: 10_000,
    now,
    async load(key_hash) {
      const key = await findKeyByHash(db, key_hash);
      // A reporter sends every second; when it was last seen is worth a write a minute.
      // A full disk is for the writer to report; here it only means that the use of the key is not noted.
      const whenFull = (error: unknown) => (isDiskFull(error) ? undefined : Promise.reject(error));
      if (key && !isExpired(key))
        await touchKey(db, key.key_id, momentAt(now()), momentAt(now() - MINUTE)).catch(whenFull);
      return key;
    },
  });

  // For limits only, which a reporter must not fall under because of others at its address.
  const good = createTtlCache<boolean>({ ttlMs: HOUR, max: 10_000, now, load: async () => false });

  const isExpired = ({ expires_at }: { readonly expires_at: string | null }) =>
    expires_at !== null && Date.parse(expires_at) <= now();

  return {
    /** The only moment at which the key itself is known. */
    async create(
      by: AuditedRequest,
      { name, scopes = reporterScopes, expires_at = null, project_id = defaultProject }: KeyWish,
    ) {
      if (isExpired({ expires_at })) throw new Invalid([{ path: 'expires_at', message: 'must be in the future' }]);
      const id = randomUUID();
      const key = `rk_${randomSecret()}`;
      const detail = { name, scopes: [...new Set(scopes)], expires_at, project_id };
      const created_at = momentAt(now());
      await db.transaction(async (tx) => {
        const created_by = by.principal?.user_id ?? null;
        await insertKey(tx, { id, ...detail, key_hash: hashSecret(key), created_at, created_by });
        const act = { action: 'key.create', target_type: 'key', target: id, detail, project_id } as const;
        await recordAudit(tx, by, act, now);
      });
      const created_by = by.principal?.username ?? null;
      return { id, ...detail, created_at, created_by, last_used_at: null, is_expired: false, key };
    },

    async list(page: Page & { readonly visible: Visible; readonly project?: ProjectId | undefined }) {
      const { items, total } = await listKeys(db, page);
      return { items: items.map((key) => ({ ...key, is_expired: isExpired(key) })), total };
    },

    /** The keys of these projects. */
    async revoke(by: AuditedRequest, id: string, managed: Visible = null): Promise<void> {
      const { key_hash } = await db.transaction(async (tx) => {
        const revoked = await revokeKey(tx, id, momentAt(now()), managed);
        if (!revoked) throw new NotFound(`there is no API key ${id}`);
        const { name, project_id } = revoked;
        const act = { action: 'key.revoke', target_type: 'key', target: id, detail: { name }, project_id } as const;
        await recordAudit(tx, by, act, now);
        return revoked;
      });
      known.set(key_hash, undefined);
      good.delete(key_hash);
      sessions?.announceEnded(sessionOfKey(id));
    },

    /** True if this key was valid within the last hour. It may have ended since. */
    wasGood: async (key: string): Promise<boolean> => keyForm.test(key) && good.peek(hashSecret(key)) !== undefined,

    /** True if the key with this id may still be used. */
    async isActive(id: string): Promise<boolean> {
      const key = await findKey(db, id);
      return key !== undefined && !isExpired(key);
    },

    /**
     * Throws `Unauthorized` unless this is a key that has neither expired nor been revoked more than a second ago,
     * and `Forbidden` where it was not made for this.
     */
    async authenticate(key: string, scope: Scope): Promise<ReporterKey> {
      const found = keyForm.test(key) ? await known.get(hashSecret(key)) : undefined;
      if (!found) throw new Unauthorized('the API key is unknown or revoked');
      if (isExpired(found)) throw new Unauthorized(`the API key expired at ${found.expires_at}; make a new one`);
      if (!found.scopes.includes(scope)) {
        throw new Forbidden(`the API key ${found.name} lacks the scope ${scope}; make one that has it`);
      }
      good.set(hashSecret(key), true);
      return {
        key_id: found.key_id,
        name: found.name,
        scopes: found.scopes,
        project_id: found.project_id,
        expires_at: found.expires_at,
      };
    },
  };
}
