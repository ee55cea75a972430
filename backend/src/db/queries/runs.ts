import type { Run, RunId } from '@rondo/protocol';
import { and, eq } from 'drizzle-orm';
import type { Db } from '../db.ts';
import { listTotals, runDeletions, runs } from '../schema.ts';
import { toRun } from '../wire.ts';
import { inProjects, type Visible } from './projects.ts';
import { deleteSomeRows } from './run-rows.ts';

/** With what only the server needs. */
export async function findRunRow(
  db: Db,
  runId: RunId,
  visible: Visible = null,
): Promise<typeof runs.$inferSelect | undefined> {
  const [row] = await db
    .select()
    .from(runs)
    .where(and(eq(runs.run_id, runId), inProjects(runs.project_id, visible)));
  return row;
}

export async function findRun(db: Db, runId: RunId, visible: Visible): Promise<Run | undefined> {
  const row = await findRunRow(db, runId, visible);
  return row && toRun(row);
}

/**
 * In the caller's transaction; undefined if there is no such run. The run and all that readers see of it are deleted at once,
 * its rows as far as a transaction should: the rest follows in transactions after it. [B11]
 */
export async function deleteRun(tx: Db, runId: RunId): Promise<{ readonly isWhole: boolean } | undefined> {
  const deleted = await tx.delete(runs).where(eq(runs.run_id, runId)).returning({ id: runs.run_id });
  if (deleted.length === 0) return undefined;
  await tx.delete(listTotals).where(eq(listTotals.run_id, runId));
  await tx.insert(runDeletions).values({ run_id: runId, deleted_at: new Date().toISOString() });
  return { isWhole: await deleteSomeRows(tx, runId) };
}
