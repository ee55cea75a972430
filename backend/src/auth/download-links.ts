import { type ModelVersion, modelVersionSchema, type RunId, runIdSchema } from '@rondo/protocol';
import { z } from 'zod';
import type { Db } from '../db/db.ts';
import type { Visible } from '../db/queries/projects.ts';
import { findUserOfSession } from '../db/queries/sessions.ts';
import { Unauthorized } from '../errors.ts';
import type { AccessService } from './access.ts';
import type { Clock } from './clock.ts';
import { createOneUse } from './one-use.ts';
import type { Principal } from './principal.ts';

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
  const content = z.object({ session_id: z.string(), run_id: runIdSchema, version: modelVersionSchema });
  const links = createOneUse({ purpose: 'download_link', seconds: linkSeconds, content }, now);
  return {
    issue: ({ user_id, session_id }: Principal, { run_id, version }: Target): Promise<string> =>
      links.issue(db, user_id, { session_id, run_id, version }),

    /**
     * Returns the link's run and user, and what the user may see now. `keep` leaves the link usable, for HEAD. Throws
     * `Unauthorized` unless a user who is still signed in created the link for this version.
     */
    async redeem(secret: string, version: ModelVersion, { keep = false } = {}): Promise<LinkUse> {
      const link = (await links.redeem(db, secret, { keep }))?.opens;
      const user = link?.version === version ? await findUserOfSession(db, link.session_id) : undefined;
      if (!link || !user || !(await isActive(link.session_id)))
        throw new Unauthorized('the link is unknown, used or expired; ask for a new one');
      return { run_id: link.run_id, visible: (await access.of(user)).visible, user };
    },
  };
}
