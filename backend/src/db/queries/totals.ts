import type { ClientId, RunId } from '@rondo/protocol';
import { and, eq, sql } from 'drizzle-orm';
import type { Db } from '../db.ts';
import { kept } from '../kept.ts';
import { clients, listTotals, registeredClients } from '../schema.ts';
import { ofVisibleRuns, type Visible } from './projects.ts';

export type ListTotal = typeof listTotals.$inferSelect;

/** Adds to the totals. In the transaction that changes the rows, so that they are never wrong. */
export async function addTotals(db: Db, changes: readonly ListTotal[]): Promise<void> {
  if (changes.length === 0) return;
  await db.execute(sql`
    ${kept} insert into list_totals
    select * from json_to_recordset(${JSON.stringify(changes)}::text::json)
      as row_(run_id text, list text, status text, total bigint)
    on conflict (run_id, list, status) do update set total = list_totals.total + excluded.total`);
}

/** Registers client ids seen for the first time, and counts them with their runs. */
export async function registerClients(
  db: Db,
  seen: readonly { readonly client_id: ClientId; readonly run_id: RunId }[],
): Promise<void> {
  if (seen.length === 0) return;
  // One row each, in one order everywhere.
  const first = new Map([...seen].reverse().map((row) => [row.client_id, row]));
  const rows = [...first.values()].sort((a, b) => (a.client_id < b.client_id ? -1 : 1));
  // Locks unchanged rows as well, so that `unregisterClients` cannot delete them before this transaction ends.
  await db.execute(sql`
    with registered as (
      insert into registered_clients (client_id, run_id)
      select client_id, run_id
      from json_to_recordset(${JSON.stringify(rows)}::text::json) as row_(client_id text, run_id text)
      on conflict (client_id) do update set run_id = excluded.run_id where false
      returning run_id
    )
    insert into list_totals select run_id, 'registered', '', count(*) from registered group by run_id order by run_id
    on conflict (run_id, list, status) do update set total = list_totals.total + excluded.total`);
}

/** Some of the clients of a deleted run: those that other runs have too are counted with one of these. Says how many. */
export async function unregisterSome(tx: Db, runId: RunId, limit: number): Promise<number> {
  // Waits for transactions that store one of these clients in another run, so that the next statement sees them.
  const taken = await tx
    .select({ id: registeredClients.client_id })
    .from(registeredClients)
    .where(eq(registeredClients.run_id, runId))
    .orderBy(registeredClients.client_id)
    .limit(limit)
    .for('update');
  if (taken.length === 0) return 0;
  const ids = JSON.stringify(taken.map(({ id }) => id));
  await tx.execute(sql`
    with taken as (select value as client_id from json_array_elements_text(${ids}::text::json)),
    heirs as (
      select client_id, other.run_id from taken cross join lateral (
        select run_id from ${clients} where clients.client_id = taken.client_id and run_id <> ${runId}
          and run_id not in (select run_id from run_deletions)
        order by run_id limit 1
      ) as other
    ), moved as (
      update registered_clients set run_id = heirs.run_id from heirs
      where registered_clients.client_id = heirs.client_id returning registered_clients.run_id
    )
    insert into list_totals select run_id, 'registered', '', count(*) from moved group by run_id order by run_id
    on conflict (run_id, list, status) do update set total = list_totals.total + excluded.total`);
  await tx.execute(sql`
    delete from registered_clients where run_id = ${runId}
      and client_id in (select json_array_elements_text(${ids}::text::json))`);
  return taken.length;
}

interface Which {
  readonly list: ListTotal['list'];
  readonly visible: Visible;
  readonly run_id?: RunId | undefined;
  readonly status?: string | undefined;
}

/** How many rows a list has: a sum over statuses or runs, whatever their number of rows. */
export async function readTotal(db: Db, { list, visible, run_id, status }: Which): Promise<number> {
  const where = and(
    eq(listTotals.list, list),
    ofVisibleRuns(listTotals.run_id, visible),
    run_id && eq(listTotals.run_id, run_id),
    status === undefined ? undefined : eq(listTotals.status, status),
  );
  const [row] = await db
    .select({ total: sql`coalesce(sum(total), 0)`.mapWith(Number) })
    .from(listTotals)
    .where(where);
  return row?.total ?? 0;
}
