import type { ModelVersion, RunId } from '@rondo/protocol';
import type { Db } from '../db/db.ts';
import {
  findDownloadLink,
  insertDownloadLink,
  purgeDownloadLinks,
  takeDownloadLink,
} from '../db/queries/download-links.ts';
import type { Visible } from '../db/queries/projects.ts';
import { findUserOfSession } from '../db/queries/sessions.ts';
import { Unauthorized } from '../errors.ts';
import type { AccessService } from './access.ts';
import { type Clock, momentAt, SECOND } from './clock.ts';
import type { Principal } from './principal.ts';
import { hashSecret, randomSecret } from './secrets.ts';

export const linkSeconds = 60;

export type DownloadLinks = ReturnType<typeof createDownloadLinks>;

interface Target {
  readonly run_id: RunId;
  readonly version: ModelVersion;
}

interface LinkUse {
  readonly run_id: RunId;
  readonly visible: Visible;
  readonly user: { readonly user_id: string; readonly username: string };
}

interface Options {
  readonly db: Db;
  readonly isActive: (sessionId: string) => Promise<boolean>;
  readonly access: Pick<AccessService, 'of'>;
  readonly now?: Clock;
}

/** An address that the browser can open by itself, without a header: it opens one checkpoint, once, within a minute. */
export function createDownloadLinks({ db, isActive, access, now = Date.now }: Options) {
  return {
    async issue({ session_id }: Principal, { run_id, version }: Target): Promise<string> {
      const secret = randomSecret();
      await purgeDownloadLinks(db, momentAt(now()));
      const expires_at = momentAt(now() + linkSeconds * SECOND);
      await insertDownloadLink(db, { link_hash: hashSecret(secret), run_id, version, session_id, expires_at });
      return secret;
    },

    /**
     * Returns the link's run and user, and what the user may see now. `keep` leaves the link usable, for HEAD. Throws
     * `Unauthorized` unless a user who is still signed in created the link for this version.
     */
    async redeem(secret: string, version: ModelVersion, { keep = false } = {}): Promise<LinkUse> {
      const find = keep ? findDownloadLink : takeDownloadLink;
      const link = await find(db, hashSecret(secret), momentAt(now()));
      const user = link?.version === version ? await findUserOfSession(db, link.session_id) : undefined;
      if (!link || !user || !(await isActive(link.session_id)))
        throw new Unauthorized('the link is unknown, used or expired; ask for a new one');
      return { run_id: link.run_id, visible: (await access.of(user)).visible, user };
    },
  };
}
