import type { RunCondition, RunStatus, Severity } from '@rondo/protocol';
import { sql } from 'drizzle-orm';
import type { Db } from '../db.ts';

/** What the server's metrics say about all runs. Every key is of a closed set. */
export interface Federation {
  readonly runs: Readonly<Partial<Record<RunStatus, number>>>;
  readonly conditions: Readonly<Partial<Record<RunCondition['state'], number>>>;
  /** Of running runs, by status. */
  readonly clients: Readonly<Record<string, number>>;
  readonly openRounds: number;
  readonly oldestOpenRoundS: number;
  /** Of running runs. */
  readonly attention: Readonly<Partial<Record<Severity, number>>>;
}

/** One statement over the running runs and totals that are kept: its cost does not grow with runs that are over. */
export async function readFederation(db: Db): Promise<Federation> {
  const [row] = await db.execute<Record<keyof Federation, unknown>>(sql`
    with running as materialized (select run_id, condition from runs where status = 'running'),
    open as (
      select count(*) as number, coalesce(max(extract(epoch from now() - rounds.started_at)), 0) as age
      from running join rounds using (run_id) where rounds.status in ('waiting', 'collecting', 'aggregating')
    )
    select
      (select coalesce(json_object_agg(status, n), '{}') from (
        select status, sum(total) as n from run_totals group by status) as each) as runs,
      (select coalesce(json_object_agg(state, n), '{}') from (
        select coalesce(condition ->> 'state', 'healthy') as state, count(*) as n from running group by 1) as each
      ) as conditions,
      (select coalesce(json_object_agg(status, n), '{}') from (
        select status, sum(total) as n from running join list_totals using (run_id)
        where list = 'clients' group by status) as each) as clients,
      (select coalesce(json_object_agg(severity, n), '{}') from (
        select item ->> 'severity' as severity, count(*) as n
        from running join attention_lists using (run_id), jsonb_array_elements(list -> 'items') as item
        group by 1) as each) as attention,
      (select number from open)::integer as "openRounds",
      (select age from open)::float8 as "oldestOpenRoundS"`);
  if (!row) throw new Error('the figures of all runs are one row');
  return { ...row, oldestOpenRoundS: Math.max(0, Number(row.oldestOpenRoundS)) } as Federation;
}
