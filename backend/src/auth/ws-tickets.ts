import { z } from 'zod';
import type { Db } from '../db/db.ts';
import { findUserOfSession } from '../db/queries/sessions.ts';
import { Unauthorized } from '../errors.ts';
import type { Clock } from './clock.ts';
import { createOneUse } from './one-use.ts';
import type { Principal } from './principal.ts';

export const ticketSeconds = 30;

/** Proxies log the URL of a socket, so what it carries opens one socket, once, within seconds. */
export function createWsTickets(db: Db, now: Clock = Date.now) {
  const content = z.object({ session_id: z.string() });
  const tickets = createOneUse({ purpose: 'ws_ticket', seconds: ticketSeconds, content }, now);
  return {
    issue: ({ user_id, session_id }: Principal): Promise<string> => tickets.issue(db, user_id, { session_id }),

    /** Throws `Unauthorized` for a ticket that is unknown, used or expired. */
    async redeem(ticket: string): Promise<Principal> {
      const taken = await tickets.redeem(db, ticket);
      const user = taken && (await findUserOfSession(db, taken.opens.session_id));
      if (!user) throw new Unauthorized('the ticket is unknown, used or expired; ask for a new one');
      return { ...user, session_id: taken.opens.session_id };
    },
  };
}
