import type { RunId } from '@rondo/protocol';
import { sql } from 'drizzle-orm';
import type { Db } from '../db.ts';

/** Makes the server the owner of the run's list, or keeps it so, for this long; else says for how long another one is. */
export async function claimList(
  db: Db,
  runId: RunId,
  server: string,
  forMs: number,
): Promise<{ readonly isOwn: boolean; readonly leftMs: number }> {
  const [own] = await db.execute(sql`
    insert into attention_owners (run_id, server, until)
    select run_id, ${server}, now() + make_interval(secs => ${forMs}::float8 / 1000) from runs where run_id = ${runId}
    on conflict (run_id) do update set server = excluded.server, until = excluded.until
    where attention_owners.server = excluded.server or attention_owners.until < now()
    returning 1`);
  if (own) return { isOwn: true, leftMs: forMs };
  const [other] = await db.execute<{ left_ms: number }>(sql`
    select greatest(0, extract(epoch from until - now()) * 1000)::float8 as left_ms
    from attention_owners where run_id = ${runId}`);
  return { isOwn: false, leftMs: other?.left_ms ?? 0 };
}

export const releaseLists = (db: Db, server: string): Promise<unknown> =>
  db.execute(sql`delete from attention_owners where server = ${server}`);
