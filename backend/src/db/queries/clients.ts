import type { Client, ClientId, ClientStatus, RunId } from '@rondo/protocol';
import { and, asc, count, desc, eq, gt } from 'drizzle-orm';
import type { Db } from '../db.ts';
import { clients, registeredClients } from '../schema.ts';
import { toClient } from '../wire.ts';
import { cutPage, type KeysetPage, type Listed } from './page.ts';
import { hasOtherRuns, ofVisibleRuns, type Visible } from './projects.ts';
import { readTotal } from './totals.ts';

interface Filter extends KeysetPage<ClientId> {
  readonly visible: Visible;
  readonly run_id?: RunId | undefined;
  readonly status?: ClientStatus | undefined;
}

/** By id; without a run, each client as it was last seen in any. */
export async function listClients(db: Db, filter: Filter): Promise<Listed<Client, ClientId>> {
  const rows = await (filter.run_id === undefined ? lastSeen(db, filter) : ofRun(db, filter));
  const total = await totalOf(db, filter);
  return { ...cutPage(rows.map(toClient), filter.limit, ({ client_id }) => client_id), total };
}

const ofRun = (db: Db, { visible, run_id, status, limit, offset, after }: Filter) =>
  db
    .select()
    .from(clients)
    .where(
      and(
        ofVisibleRuns(clients.run_id, visible),
        run_id && eq(clients.run_id, run_id),
        status && eq(clients.status, status),
        after && gt(clients.client_id, after),
      ),
    )
    .orderBy(asc(clients.client_id))
    .limit(limit + 1)
    .offset(offset);

/** From each id to its latest row: a look-up by key, as many as the page has. */
async function lastSeen(db: Db, { visible, status, limit, offset, after }: Filter) {
  const ids = registeredClients;
  const latest = db
    .select()
    .from(clients)
    .where(and(eq(clients.client_id, ids.client_id), ofVisibleRuns(clients.run_id, visible)))
    .orderBy(desc(clients.last_heartbeat))
    .limit(1)
    .as('latest');
  const rows = await db
    .select()
    .from(ids)
    .crossJoinLateral(latest)
    .where(and(after && gt(ids.client_id, after), status && eq(latest.status, status)))
    .orderBy(asc(ids.client_id))
    .limit(limit + 1)
    .offset(offset);
  return rows.map((row) => row.latest);
}

async function totalOf(db: Db, { visible, run_id, status }: Filter): Promise<number> {
  if (run_id !== undefined) return readTotal(db, { list: 'clients', visible, run_id, status });
  const isAll = visible === null || !(await hasOtherRuns(db, visible));
  if (status === undefined && isAll) return readTotal(db, { list: 'registered', visible: null });
  // These have to look: which of its runs a client was last seen in changes with every sign of life, and in which projects
  // it is with every new run.
  const latest = db
    .selectDistinctOn([clients.client_id], { status: clients.status })
    .from(clients)
    .where(ofVisibleRuns(clients.run_id, visible))
    .orderBy(asc(clients.client_id), desc(clients.last_heartbeat))
    .as('latest');
  const [counted] = await db
    .select({ total: count() })
    .from(latest)
    .where(status && eq(latest.status, status));
  return counted?.total ?? 0;
}

/** When each client of a run joined, by id. */
export const readJoined = (db: Db, runId: RunId): Promise<{ client_id: ClientId; joined_at: string | null }[]> =>
  db
    .select({ client_id: clients.client_id, joined_at: clients.joined_at })
    .from(clients)
    .where(eq(clients.run_id, runId))
    .orderBy(asc(clients.client_id));
