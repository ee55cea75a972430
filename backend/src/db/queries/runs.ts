import type { Run, RunId } from '@rondo/protocol';
import { and, eq } from 'drizzle-orm';
import type { Db } from '../db.ts';
import { clients, clientUpdates, metricBlocks, metricPoints, metricSeries, runs } from '../schema.ts';
import { toRun } from '../wire.ts';
import { inProjects, type Visible } from './projects.ts';
import { unregisterClients } from './totals.ts';

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

/** With everything that was reported of it, in the caller's transaction; false when there is no such run. */
export async function deleteRun(tx: Db, runId: RunId): Promise<boolean> {
  const deleted = await tx.delete(runs).where(eq(runs.run_id, runId)).returning({ id: runs.run_id });
  if (deleted.length === 0) return false;
  await unregisterClients(tx, runId);
  for (const table of [clientUpdates, clients, metricPoints, metricSeries, metricBlocks]) {
    await tx.delete(table).where(eq(table.run_id, runId));
  }
  return true;
}
