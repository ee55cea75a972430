import type { Db } from '../db/db.ts';
import { insertTicket, purgeTickets, takeTicket } from '../db/queries/ws-tickets.ts';
import { Unauthorized } from '../errors.ts';
import { type Clock, momentAt, SECOND } from './clock.ts';
import type { Principal } from './principal.ts';
import { hashSecret, randomSecret } from './secrets.ts';

export const ticketSeconds = 30;

/** A socket's URL lands in logs of proxies, so what it carries opens one socket, once, within seconds. */
export function createWsTickets(db: Db, now: Clock = Date.now) {
  return {
    async issue({ user_id, username, role, session_id }: Principal): Promise<string> {
      const ticket = randomSecret();
      await purgeTickets(db, momentAt(now()));
      await insertTicket(db, {
        ticket_hash: hashSecret(ticket),
        user_id,
        username,
        role,
        session_id,
        expires_at: momentAt(now() + ticketSeconds * SECOND),
      });
      return ticket;
    },

    /** Throws `Unauthorized` for a ticket that is unknown, used or expired. */
    async redeem(ticket: string): Promise<Principal> {
      const taken = await takeTicket(db, hashSecret(ticket), momentAt(now()));
      if (!taken) throw new Unauthorized('the ticket is unknown, used or expired; ask for a new one');
      const { user_id, username, role, session_id } = taken;
      return { user_id, username, role, session_id };
    },
  };
}
