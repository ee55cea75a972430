import type { Run, RunId, RunStatus } from '@rondo/protocol';
import { desc, eq } from 'drizzle-orm';
import type { Db } from '../database.ts';
import { runs } from '../schema.ts';
import { toRun } from '../wire.ts';
import { countRows, type Page } from './page.ts';

interface Filter extends Page {
  readonly status?: RunStatus | undefined;
}

/** Newest first. */
export async function listRuns(db: Db, { status, limit, offset }: Filter): Promise<{ items: Run[]; total: number }> {
  const where = status && eq(runs.status, status);
  const rows = await db
    .select()
    .from(runs)
    .where(where)
    .orderBy(desc(runs.created_at), desc(runs.run_id))
    .limit(limit)
    .offset(offset);
  return { items: rows.map(toRun), total: await countRows(db, runs, where) };
}

export async function findRun(db: Db, runId: RunId): Promise<Run | undefined> {
  const [row] = await db.select().from(runs).where(eq(runs.run_id, runId));
  return row && toRun(row);
}

export async function deleteRun(db: Db, runId: RunId): Promise<boolean> {
  const deleted = await db.delete(runs).where(eq(runs.run_id, runId)).returning({ id: runs.run_id });
  return deleted.length > 0;
}
