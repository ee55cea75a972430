import type { RunId } from '@rondo/protocol';
import { eq, sql } from 'drizzle-orm';
import { Busy, Conflict } from '../../errors.ts';
import type { Db } from '../db.ts';
import { kept } from '../kept.ts';
import { clientUpdates, metricBlocks, metricPoints, metricSeries, runImports, runs } from '../schema.ts';

/** Keeps the id for an import, until `endImport` or `removeImport`. */
export async function beginImport(tx: Db, run_id: RunId): Promise<void> {
  const begun = await tx.insert(runImports).values({ run_id }).onConflictDoNothing().returning();
  if (begun.length === 0) throw new Conflict(`the run id ${run_id} is being imported`);
  const [taken] = await tx.select({ id: runs.run_id }).from(runs).where(eq(runs.run_id, run_id));
  if (taken) throw new Conflict(isTaken(run_id));
}

export const isTaken = (runId: string): string =>
  `the run id ${runId} is in use here: import the file under another id with ?run_id=`;

/** In the transaction that makes it a run. */
export async function endImport(tx: Db, run_id: RunId): Promise<void> {
  await tx.delete(runImports).where(eq(runImports.run_id, run_id));
}

/** For the transaction that creates runs: reports about one that is being imported come again after it. */
export async function mustNotBeImported(tx: Db, ids: readonly RunId[]): Promise<void> {
  const [found] = await tx
    .select()
    .from(runImports)
    .where(sql`${kept} run_id = any(array(select json_array_elements_text(${JSON.stringify(ids)}::text::json)))`)
    .limit(1);
  if (found) throw new Busy(`the run ${found.run_id} is being imported; try again`, 5);
}

// The tables that are filled before the run exists, with their keys.
const filled = [
  [clientUpdates, 'run_id, round, client_id'],
  [metricPoints, 'run_id, client_id, name, step, round_key, run_month'],
  [metricBlocks, 'run_id, client_id, name, width, block'],
  [metricSeries, 'run_id, client_id, name'],
] as const;
// Others wait for one such statement.
const rowsAtOnce = 1_000;

/** Removes what an import has stored, a little at a time; the id is free after it. */
export async function removeImport(db: Db, run_id: RunId): Promise<void> {
  for (const [table, key] of filled) {
    const columns = sql.raw(key);
    for (let removed = rowsAtOnce; removed === rowsAtOnce; ) {
      const rows = await db.execute(sql`
        delete from ${table} where (${columns}) in (
          select ${columns} from ${table} where run_id = ${run_id} limit ${rowsAtOnce}
        ) returning 1`);
      removed = rows.length;
    }
  }
  await endImport(db, run_id);
}

/** At start: imports that the end of the process broke off. */
export async function removeBrokenImports(db: Db): Promise<void> {
  for (const { run_id } of await db.select().from(runImports)) await removeImport(db, run_id);
}
