import type { Client, ClientId, ClientStatus, ClientUpdate, RunId } from '@rondo/protocol';
import { and, asc, count, desc, eq, getTableColumns, sql } from 'drizzle-orm';
import type { Db } from '../database.ts';
import { clients, clientUpdates, rounds } from '../schema.ts';
import { toClient } from '../wire.ts';
import { countRows, type Page } from './page.ts';

interface Filter extends Page {
  readonly run_id?: RunId | undefined;
  readonly status?: ClientStatus | undefined;
}

/** By id; without a run, each client as it was last seen in any. */
export async function listClients(
  db: Db,
  { run_id, status, limit, offset }: Filter,
): Promise<{ items: Client[]; total: number }> {
  const ofStatus = status && eq(clients.status, status);
  if (run_id !== undefined) {
    const where = and(eq(clients.run_id, run_id), ofStatus);
    const rows = await db
      .select()
      .from(clients)
      .where(where)
      .orderBy(asc(clients.client_id))
      .limit(limit)
      .offset(offset);
    return { items: rows.map(toClient), total: await countRows(db, clients, where) };
  }
  const latest = db
    .selectDistinctOn([clients.client_id])
    .from(clients)
    .orderBy(asc(clients.client_id), desc(clients.last_heartbeat))
    .as('latest');
  const where = status && eq(latest.status, status);
  const rows = await db.select().from(latest).where(where).orderBy(asc(latest.client_id)).limit(limit).offset(offset);
  const [counted] = await db.select({ total: count() }).from(latest).where(where);
  return { items: rows.map(toClient), total: counted?.total ?? 0 };
}

interface HistoryFilter extends Page {
  readonly client_id: ClientId;
  readonly run_id?: RunId | undefined;
}

/** A client's parts, newest first; undefined when nobody has heard of the client. */
export async function clientHistory(
  db: Db,
  { client_id, run_id, limit, offset }: HistoryFilter,
): Promise<{ client_id: ClientId; items: ClientUpdate[]; total: number } | undefined> {
  const ofClient = and(eq(clients.client_id, client_id), run_id && eq(clients.run_id, run_id));
  const [known] = await db.select({ one: sql`1` }).from(clients).where(ofClient).limit(1);
  if (!known) return undefined;
  // From its runs over their rounds to its parts: each step is a look-up by key.
  const parts = db
    .select({ ...getTableColumns(clientUpdates), round_id: rounds.round_id })
    .from(clients)
    .innerJoin(rounds, eq(rounds.run_id, clients.run_id))
    .innerJoin(
      clientUpdates,
      and(
        eq(clientUpdates.run_id, clients.run_id),
        eq(clientUpdates.round, rounds.round),
        eq(clientUpdates.client_id, client_id),
      ),
    )
    .where(ofClient)
    .as('parts');
  const items = await db.select().from(parts).orderBy(desc(parts.round_id)).limit(limit).offset(offset);
  const [counted] = await db.select({ total: count() }).from(parts);
  return { client_id, items, total: counted?.total ?? 0 };
}
