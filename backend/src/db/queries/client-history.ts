import type { ClientId, ClientUpdate, RunId } from '@rondo/protocol';
import { and, desc, eq, getTableColumns, sql } from 'drizzle-orm';
import type { Db } from '../db.ts';
import { clients, clientUpdates, rounds, runs } from '../schema.ts';
import { toClientUpdate } from '../wire.ts';
import { cutPage, type KeysetPage, type Listed } from './page.ts';
import { inProjects, type Visible } from './projects.ts';

/** The key after which a page begins. */
export interface PartKey {
  readonly run_id: RunId;
  readonly round: number;
}

interface Filter extends KeysetPage<PartKey> {
  readonly visible: Visible;
  readonly client_id: ClientId;
  readonly run_id?: RunId | undefined;
}

/** Where the chain of a client's parts in one run begins, and how many of its parts the page passes over. */
interface Chain {
  readonly n: number;
  readonly run_id: RunId;
  readonly head: number;
  readonly skip: number;
}

/**
 * A client's updates: newest run first, then newest round first, following the chain of its updates. A page costs only
 * what it shows, in two queries. Undefined if the client is unknown.
 */
export async function clientHistory(db: Db, filter: Filter): Promise<Listed<ClientUpdate, PartKey> | undefined> {
  const { visible, client_id, run_id, limit } = filter;
  const ofRuns = await db
    .select({ run_id: clients.run_id, num_parts: clients.num_parts, last_part: clients.last_part })
    .from(clients)
    .innerJoin(runs, eq(runs.run_id, clients.run_id))
    .where(
      and(eq(clients.client_id, client_id), run_id && eq(clients.run_id, run_id), inProjects(runs.project_id, visible)),
    )
    .orderBy(desc(runs.created_at), desc(runs.run_id));
  if (ofRuns.length === 0) return undefined;
  const total = ofRuns.reduce((sum, { num_parts }) => sum + num_parts, 0);
  const parts = await readChains(db, client_id, chainsOf(ofRuns, filter), limit + 1);
  return { ...cutPage(parts, limit, ({ run_id, round }) => ({ run_id, round })), total };
}

type OfRun = { run_id: RunId; num_parts: number; last_part: number | null };

/** The chains that a page may reach into. */
function chainsOf(ofRuns: readonly OfRun[], { limit, offset, after }: Filter): Chain[] {
  const chains: Chain[] = [];
  const first = after ? ofRuns.findIndex(({ run_id }) => run_id === after.run_id) : 0;
  let [skip, wanted] = [offset, limit + 1];
  for (const [n, { run_id, num_parts, last_part }] of ofRuns.entries()) {
    if (first === -1 || n < first || wanted <= 0 || last_part === null) continue;
    if (after && n === first) {
      chains.push({ n, run_id, head: after.round, skip: 1 });
    } else if (skip >= num_parts) {
      skip -= num_parts;
    } else {
      chains.push({ n, run_id, head: last_part, skip });
      wanted -= num_parts - skip;
      skip = 0;
    }
  }
  return chains;
}

async function readChains(db: Db, id: ClientId, chains: readonly Chain[], limit: number): Promise<ClientUpdate[]> {
  const page = sql`(
    select starts.n, starts.run_id, links.round, links.depth
    from json_to_recordset(${JSON.stringify(chains)}::text::json) as starts(n int, run_id text, head int, skip bigint)
    cross join lateral (
      with recursive chain as (
        select round, previous_part, 1 as depth from client_updates
        where run_id = starts.run_id and round = starts.head and client_id = ${id}
        union all
        select part.round, part.previous_part, chain.depth + 1
        from chain cross join lateral (
          select round, previous_part from client_updates
          where run_id = starts.run_id and round = chain.previous_part and client_id = ${id}
          -- One look-up by key for each link, also while the planner knows nothing of the table yet.
          limit 1
        ) as part
      )
      select round, depth from chain offset starts.skip limit ${limit}
    ) as links
    order by starts.n, links.depth limit ${limit}
  ) as page`;
  const part = clientUpdates;
  const rows = await db
    .select({ ...getTableColumns(part), round_id: rounds.round_id })
    .from(page)
    .innerJoin(part, sql`(${part.run_id}, ${part.round}, ${part.client_id}) = (page.run_id, page.round, ${id})`)
    .innerJoin(rounds, and(eq(rounds.run_id, part.run_id), eq(rounds.round, part.round)))
    .orderBy(sql`page.n, page.depth`);
  return rows.map(toClientUpdate);
}
