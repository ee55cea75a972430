import type { z } from 'zod';
import type { Db } from '../db/db.ts';
import { findOneUse, insertOneUse, type OneUsePurpose, takeOneUse } from '../db/queries/one-use.ts';
import { type Clock, momentAt, SECOND } from './clock.ts';
import { hashSecret, randomSecret } from './secrets.ts';

interface Kind<S extends z.ZodType> {
  readonly purpose: OneUsePurpose;
  readonly seconds: number;
  /** What a secret of this kind opens, besides being its user's. */
  readonly content: S;
}

/** Secrets of one kind. Each is stored as a hash only, is redeemed at most once and expires. */
export const createOneUse = <S extends z.ZodType>({ purpose, seconds, content }: Kind<S>, now: Clock = Date.now) => ({
  async issue(db: Db, user_id: string, opens: z.input<S>): Promise<string> {
    const secret = randomSecret();
    const expires_at = momentAt(now() + seconds * SECOND);
    await insertOneUse(db, { secret_hash: hashSecret(secret), purpose, user_id, content: opens, expires_at });
    return secret;
  },

  /** Undefined for a secret that is unknown, used or expired. With `keep` it stays usable. */
  async redeem(
    db: Db,
    secret: string,
    { keep = false } = {},
  ): Promise<{ readonly user_id: string; readonly opens: z.output<S> } | undefined> {
    const presented = { purpose, secret_hash: hashSecret(secret), now: momentAt(now()) };
    const stored = await (keep ? findOneUse : takeOneUse)(db, presented);
    return stored && { user_id: stored.user_id, opens: content.parse(stored.content) };
  },
});
