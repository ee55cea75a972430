import { and, eq, gt, lte } from 'drizzle-orm';
import type { Db } from '../db.ts';
import { wsTickets } from '../tables/people.ts';

export async function insertTicket(db: Db, ticket: typeof wsTickets.$inferInsert): Promise<void> {
  await db.insert(wsTickets).values(ticket);
}

/** If two requests present one ticket at once, only one succeeds. */
export async function takeTicket(db: Db, ticket_hash: string, now: string) {
  const [ticket] = await db
    .delete(wsTickets)
    .where(and(eq(wsTickets.ticket_hash, ticket_hash), gt(wsTickets.expires_at, now)))
    .returning();
  return ticket;
}

export async function purgeTickets(db: Db, now: string): Promise<void> {
  await db.delete(wsTickets).where(lte(wsTickets.expires_at, now));
}
