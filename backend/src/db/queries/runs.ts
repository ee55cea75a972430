import type { ProjectId, Run, RunId, RunStatus } from '@rondo/protocol';
import { and, desc, eq } from 'drizzle-orm';
import type { Db } from '../db.ts';
import { clients, clientUpdates, metricBlocks, metricPoints, metricSeries, runs } from '../schema.ts';
import { toRun } from '../wire.ts';
import { countRows, type Page } from './page.ts';
import { inProjects, type Visible } from './projects.ts';
import { unregisterClients } from './totals.ts';

interface Filter extends Page {
  readonly visible: Visible;
  readonly project?: ProjectId | undefined;
  readonly status?: RunStatus | undefined;
}

/** Newest first. */
export async function listRuns(
  db: Db,
  { visible, project, status, limit, offset }: Filter,
): Promise<{ items: Run[]; total: number }> {
  const where = and(
    inProjects(runs.project_id, visible),
    project && eq(runs.project_id, project),
    status && eq(runs.status, status),
  );
  const rows = await db
    .select()
    .from(runs)
    .where(where)
    .orderBy(desc(runs.created_at), desc(runs.run_id))
    .limit(limit)
    .offset(offset);
  return { items: rows.map(toRun), total: await countRows(db, runs, where) };
}

/** With what only the server needs. */
export async function findRunRow(db: Db, runId: RunId): Promise<typeof runs.$inferSelect | undefined> {
  const [row] = await db.select().from(runs).where(eq(runs.run_id, runId));
  return row;
}

export async function findRun(db: Db, runId: RunId, visible: Visible): Promise<Run | undefined> {
  const [row] = await db
    .select()
    .from(runs)
    .where(and(eq(runs.run_id, runId), inProjects(runs.project_id, visible)));
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
