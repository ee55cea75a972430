import type { RunId } from '@rondo/protocol';
import { eq, sql } from 'drizzle-orm';
import { Busy, Conflict } from '../../errors.ts';
import type { Db } from '../db.ts';
import { kept } from '../kept.ts';
import { runDeletions, runImports, runs } from '../schema.ts';
import { deleteSomeRows } from './run-rows.ts';

/** Keeps the id for an import, until `endImport` or `removeImport`. */
export async function beginImport(tx: Db, run_id: RunId): Promise<void> {
  const begun = await tx.insert(runImports).values({ run_id }).onConflictDoNothing().returning();
  if (begun.length === 0) throw new Conflict(`the run id ${run_id} is being imported`);
  await mustNotBeDeleted(tx, run_id);
  const [taken] = await tx.select({ id: runs.run_id }).from(runs).where(eq(runs.run_id, run_id));
  if (taken) throw new Conflict(isTaken(run_id));
}

/** For the transaction that makes a run of an import. */
export async function mustNotBeDeleted(tx: Db, run_id: RunId): Promise<void> {
  const [found] = await tx.select().from(runDeletions).where(eq(runDeletions.run_id, run_id));
  if (found) throw new Busy(`the run ${run_id} is being deleted; try again`, 5);
}

export const isTaken = (runId: string): string =>
  `the run id ${runId} is in use here: import the file under another id with ?run_id=`;

/** In the transaction that makes it a run. */
export async function endImport(tx: Db, run_id: RunId): Promise<void> {
  await tx.delete(runImports).where(eq(runImports.run_id, run_id));
}

/**
 * For the transaction that creates runs: reports about one that is being imported come again after it, and about one that was
 * deleted when its last row is deleted.
 */
export async function mustNotBeHeld(tx: Db, ids: readonly RunId[]): Promise<void> {
  const [found] = await tx.execute<{ run_id: RunId; why: string }>(sql`
    ${kept} select run_id, why from (
      select run_id, 'being imported' as why from run_imports union all select run_id, 'being deleted' from run_deletions
    ) as held
    where run_id = any(array(select json_array_elements_text(${JSON.stringify(ids)}::text::json))) limit 1`);
  if (found) throw new Busy(`the run ${found.run_id} is ${found.why}; try again`, 5);
}

/** Removes what an import has stored, a little at a time; the id is free after it. */
export async function removeImport(db: Db, run_id: RunId): Promise<void> {
  while (!(await db.transaction((tx) => deleteSomeRows(tx, run_id))));
  await endImport(db, run_id);
}

/** At start: imports that the end of the process broke off. */
export async function removeBrokenImports(db: Db): Promise<void> {
  for (const { run_id } of await db.select().from(runImports)) await removeImport(db, run_id);
}
