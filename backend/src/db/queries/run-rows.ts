import type { RunId } from '@rondo/protocol';
import { eq, sql } from 'drizzle-orm';
import type { Db } from '../db.ts';
import {
  clients,
  clientUpdates,
  logs,
  metricBlocks,
  metricPoints,
  metricSeries,
  rounds,
  runDeletions,
} from '../schema.ts';
import { insightClients, insightRounds, insightTotals } from '../tables/insight.ts';
import { unregisterSome } from './totals.ts';

// The tables that grow with what is reported, with their keys. They refer to no run, so that its end leaves them alone.
const grown = [
  [clients, 'run_id, client_id'],
  [clientUpdates, 'run_id, round, client_id'],
  [metricPoints, 'run_id, client_id, name, step, round_key, run_month'],
  [metricBlocks, 'run_id, client_id, name, width, block'],
  [metricSeries, 'run_id, client_id, name'],
  [rounds, 'round_id'],
  [logs, 'log_id'],
  [insightClients, 'run_id, client_id'],
  [insightRounds, 'run_id, round'],
  [insightTotals, 'run_id, block'],
] as const;
// Others wait for one such transaction, about 25 ms on the embedded database.
const rowsAtOnce = 1_000;

/** Of a run that does not exist, in the caller's transaction; true when nothing of it is left, and its id is free. */
export async function deleteSomeRows(tx: Db, run_id: RunId): Promise<boolean> {
  let left = rowsAtOnce - (await unregisterSome(tx, run_id, rowsAtOnce));
  for (const [table, key] of grown) {
    if (left === 0) return false;
    const columns = sql.raw(key);
    const { length } = await tx.execute(sql`
      delete from ${table} where (${columns}) in (
        select ${columns} from ${table} where run_id = ${run_id} limit ${left}
      ) returning 1`);
    left -= length;
  }
  if (left === 0) return false;
  await tx.delete(runDeletions).where(eq(runDeletions.run_id, run_id));
  return true;
}

/** Deletes what is left of deleted runs, a little in each transaction; says of how many runs nothing is left. */
export async function deleteRest(db: Db, isStopped: () => boolean): Promise<number> {
  let whole = 0;
  for (const { run_id } of await db.select().from(runDeletions).orderBy(runDeletions.deleted_at)) {
    for (let isLeft = true; isLeft && !isStopped(); ) {
      isLeft = await db.transaction(async (tx) => {
        // Another server may be at it.
        const [mine] = await tx
          .select()
          .from(runDeletions)
          .where(eq(runDeletions.run_id, run_id))
          .for('update', { skipLocked: true });
        if (!mine) return false;
        const isWhole = await deleteSomeRows(tx, run_id);
        if (isWhole) whole += 1;
        return !isWhole;
      });
    }
  }
  return whole;
}
