import type { ReporterId, RunId } from '@rondo/protocol';
import { sql } from 'drizzle-orm';
import type { Db } from '../database.ts';

export interface BatchId {
  readonly key_id: string;
  readonly reporter_id: ReporterId;
  readonly batch: number;
}

/**
 * Takes a batch number, unless it is taken. [I3]
 *
 * The numbers are a multirange, so a reporter that counts up by one keeps one short range.
 */
export async function takeBatch(db: Db, { key_id, reporter_id, batch }: BatchId, seenAt: string): Promise<boolean> {
  const taken = await db.execute(sql`
    insert into reporters as known (key_id, reporter_id, batches, seen_at)
    values (${key_id}, ${reporter_id}, int8multirange(int8range(${batch}::bigint, ${batch}::bigint, '[]')), ${seenAt}::timestamptz)
    on conflict (key_id, reporter_id) do update
      set batches = known.batches + excluded.batches, seen_at = excluded.seen_at
      where not known.batches @> ${batch}::bigint
    returning 1`);
  return taken.length > 0;
}

/** Remembers which runs a reporter speaks for, so that even its empty batches bring back their commands. */
export async function noteRuns(db: Db, { key_id, reporter_id }: BatchId, runIds: readonly RunId[]): Promise<void> {
  const ids = JSON.stringify(runIds);
  await db.execute(sql`
    update reporters set run_ids = (
      select jsonb_agg(id) from (
        select id from (select distinct jsonb_array_elements_text(run_ids || ${ids}::text::jsonb) as id) as known
        order by ${ids}::text::jsonb @> to_jsonb(id) desc, id limit 100
      ) as kept
    )
    where key_id = ${key_id} and reporter_id = ${reporter_id} and not run_ids @> ${ids}::text::jsonb`);
}
