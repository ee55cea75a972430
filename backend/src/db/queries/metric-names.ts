import type { RunId } from '@rondo/protocol';
import { type SQL, sql } from 'drizzle-orm';
import type { Db } from '../db.ts';
import { kept } from '../kept.ts';
import { clientColumns } from './carried-points.ts';
import type { Page } from './page.ts';

/** The names of all series of these runs. [B9] */
export const seriesNames = async (db: Db, runIds: readonly RunId[]): Promise<{ run_id: RunId; name: string }[]> =>
  runIds.length === 0
    ? []
    : db.execute(sql`
        select run_id, name from run_metric_names
        where run_id in (select jsonb_array_elements_text(${JSON.stringify(runIds)}::text::jsonb))`);

export async function addSeriesNames(db: Db, names: readonly { run_id: RunId; name: string }[]): Promise<void> {
  if (names.length === 0) return;
  await db.execute(sql`
    ${kept} insert into run_metric_names select run_id, name
    from json_to_recordset(${JSON.stringify(names)}::text::json) as row_(run_id text, name text)
    on conflict do nothing`);
}

interface Scope extends Page {
  readonly run_id: RunId;
  /** Without one the names are the server's own. */
  readonly client_id?: string | undefined;
}

export interface MetricName {
  readonly name: string;
  /** How many were logged as metrics; null where only rounds or client results carry it. */
  readonly points: number | null;
}

// A page of rounds or parts is read in a few milliseconds, however many there are.
const newestRead = 100;

/** Sorted by name. Logged points are counted already, so the cost grows with the names, not the points. [M3] */
export async function listMetricNames(
  db: Db,
  { run_id, client_id, limit, offset }: Scope,
): Promise<{ items: MetricName[]; total: number }> {
  const carried = client_id === undefined ? carriedByRounds(run_id) : carriedByClient(run_id, client_id);
  const rows = await db.execute<Record<'name' | 'points' | 'total', string | null>>(sql`
    with names as materialized (
      select name, max(num_points) as points from (
        select name, num_points from metric_series where run_id = ${run_id} and client_id = ${client_id ?? ''}
        union all select name, null from (${carried}) as carried
      ) as every_name
      group by name
    )
    select page.name, page.points, counted.total
    from (select count(*) as total from names) as counted
    left join (select * from names order by name limit ${limit} offset ${offset}) as page on true
    order by page.name`);
  const items = rows.flatMap(({ name, points }) =>
    name === null ? [] : [{ name, points: points === null ? null : Number(points) }],
  );
  return { items, total: Number(rows[0]?.total) };
}

const carriedByRounds = (runId: RunId): SQL => sql`
  select named.name from (
    select global_loss, global_accuracy, metrics from rounds where run_id = ${runId}
    order by round desc limit ${newestRead}
  ) as newest cross join lateral (
    select 'global_loss' as name where global_loss is not null
    union all select 'global_accuracy' where global_accuracy is not null
    union all select jsonb_object_keys(metrics)
  ) as named`;

/** Along the chain of its parts, newest first, as its history goes. */
function carriedByClient(runId: RunId, clientId: string): SQL {
  const columns = clientColumns.map(
    (name) => sql`select ${name}::text as name where ${sql.identifier(name)} is not null`,
  );
  return sql`
    with recursive chain as (
      select last_part as round, 1 as depth from clients where run_id = ${runId} and client_id = ${clientId}
      union all
      select part.previous_part, chain.depth + 1 from chain cross join lateral (
        select previous_part from client_updates
        where run_id = ${runId} and round = chain.round and client_id = ${clientId}
        limit 1
      ) as part
      where chain.depth < ${newestRead}
    )
    select named.name from chain
    cross join lateral (
      select * from client_updates
      where run_id = ${runId} and round = chain.round and client_id = ${clientId} and submitted_at is not null
      limit 1
    ) as part
    cross join lateral (
      ${sql.join(columns, sql` union all `)}
      union all select jsonb_object_keys(metrics)
    ) as named`;
}
