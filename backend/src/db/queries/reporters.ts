import type { ProjectId, ReporterId, RunId } from '@rondo/protocol';
import { sql } from 'drizzle-orm';
import type { Db } from '../db.ts';
import { kept } from '../kept.ts';

export interface BatchId {
  readonly key_id: string;
  readonly reporter_id: ReporterId;
  readonly batch: number;
  /** The reporter's clock less the server's; absent where the batch does not say when it was sent. [T1] */
  readonly offset_ms?: number | undefined;
  /** The API key's project: the reporter reports runs of this project only. [O2] */
  readonly project_id: ProjectId;
  /** What it takes of the key's day, once it is stored. [B8] */
  readonly bytes?: number | undefined;
}

export type ReporterKey = `${string} ${ReporterId}`;
export const reporterOf = ({ key_id, reporter_id }: Pick<BatchId, 'key_id' | 'reporter_id'>): ReporterKey =>
  `${key_id} ${reporter_id}`;

/**
 * Takes the batch numbers that are not taken, at most one a reporter, and says which runs are known of those reporters. [I3]
 *
 * The numbers are a multirange, so a reporter that counts up by one keeps one short range.
 */
export async function takeBatches(
  db: Db,
  batches: readonly BatchId[],
  seenAt: string,
): Promise<Map<ReporterKey, readonly RunId[]>> {
  const taken = await db.execute<Record<'key_id', string> & { reporter_id: ReporterId; run_ids: RunId[] }>(sql`
    ${kept} insert into reporters as known (key_id, reporter_id, batches, seen_at)
    select key_id, reporter_id, int8multirange(int8range(batch, batch, '[]')), ${seenAt}::timestamptz
    from json_to_recordset(${JSON.stringify(batches)}::text::json) as row_(key_id text, reporter_id text, batch bigint)
    on conflict (key_id, reporter_id) do update
      set batches = known.batches + excluded.batches, seen_at = excluded.seen_at
      where not known.batches @> excluded.batches
    returning key_id, reporter_id, run_ids`);
  return new Map(taken.map((row) => [reporterOf(row), row.run_ids]));
}

/** Runs that a reporter's empty batches bring back the commands of. */
export const maxRunsOfReporter = 100;

/** Remembers which runs a reporter speaks for, so that even its empty batches bring back their commands. */
export async function noteRuns(db: Db, { key_id, reporter_id }: BatchId, runIds: Iterable<RunId>): Promise<void> {
  const ids = JSON.stringify([...runIds]);
  await db.execute(sql`
    update reporters set run_ids = (
      select jsonb_agg(id) from (
        select id from (select distinct jsonb_array_elements_text(run_ids || ${ids}::text::jsonb) as id) as known
        order by ${ids}::text::jsonb @> to_jsonb(id) desc, id limit ${maxRunsOfReporter}
      ) as kept
    )
    where key_id = ${key_id} and reporter_id = ${reporter_id} and not run_ids @> ${ids}::text::jsonb`);
}
