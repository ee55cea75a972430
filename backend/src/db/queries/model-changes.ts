import { limits, type ModelVersion, type RunId } from '@rondo/protocol';
import { and, desc, eq, inArray, notExists, sql } from 'drizzle-orm';
import type { Db } from '../db.ts';
import { kept } from '../kept.ts';
import { deletedModels, modelAliases, models } from '../tables/models.ts';

export type ModelRow = typeof models.$inferSelect;

/** False when the version is taken. Later than every other of its run, so that the order of a run's models has no ties. */
export async function insertModel(tx: Db, row: ModelRow): Promise<boolean> {
  const [newest] = await tx
    .select({ created_at: models.created_at })
    .from(models)
    .where(eq(models.run_id, row.run_id))
    .orderBy(desc(models.created_at))
    .limit(1);
  const after = newest ? Date.parse(newest.created_at) + 1 : 0;
  const created_at = new Date(Math.max(Date.parse(row.created_at), after)).toISOString();
  const inserted = await tx
    .insert(models)
    .values({ ...row, created_at })
    .onConflictDoNothing()
    .returning({ version: models.version });
  if (inserted.length === 0) return false;
  await tx
    .delete(deletedModels)
    .where(and(eq(deletedModels.run_id, row.run_id), eq(deletedModels.version, row.version)));
  return true;
}

interface Deletion {
  readonly run_id: RunId;
  readonly version: ModelVersion;
  /** If true, `best` and `latest` also block deletion. */
  readonly unlessAutomatic: boolean;
}

/** False when it is not there, or an alias holds it. */
export async function deleteModel(tx: Db, { run_id, version, unlessAutomatic }: Deletion, seq: number) {
  const held = tx
    .select({ held: sql`1` })
    .from(modelAliases)
    .where(
      and(
        eq(modelAliases.run_id, run_id),
        eq(modelAliases.version, version),
        unlessAutomatic ? undefined : eq(modelAliases.is_automatic, false),
      ),
    );
  const deleted = await tx
    .delete(models)
    .where(and(eq(models.version, version), eq(models.run_id, run_id), notExists(held)))
    .returning({ version: models.version });
  if (deleted.length === 0) return false;
  await tx.insert(deletedModels).values({ run_id, version, updated_seq: seq });
  await touchTheOneThatMovesUp(tx, run_id, seq);
  return true;
}

/** A viewer holds only the newest models, so it lacks the one that a deletion moves into that range. [V1] */
async function touchTheOneThatMovesUp(tx: Db, runId: RunId, seq: number): Promise<void> {
  const [moved] = await tx
    .select({ version: models.version })
    .from(models)
    .where(eq(models.run_id, runId))
    .orderBy(desc(models.created_at))
    .limit(1)
    .offset(limits.snapshotModels - 1);
  if (moved) await touchModels(tx, runId, [moved.version], seq);
}

/** Sends these models to viewers again. */
export async function touchModels(tx: Db, runId: RunId, versions: readonly ModelVersion[], seq: number): Promise<void> {
  if (versions.length === 0) return;
  await tx
    .update(models)
    .set({ updated_seq: seq })
    .where(and(eq(models.run_id, runId), inArray(models.version, [...versions])));
}

interface ChangedRound {
  readonly run_id: RunId;
  readonly round: number;
  readonly seq: number;
}

/** Returns the runs of which any model belongs to these rounds, whose figures have changed. [K5] */
export async function touchModelsOfRounds(tx: Db, rounds: readonly ChangedRound[]): Promise<Set<RunId>> {
  if (rounds.length === 0) return new Set();
  const touched = await tx.execute<{ run_id: RunId }>(sql`
    ${kept} update models set updated_seq = changed.seq
    from json_to_recordset(${JSON.stringify(rounds)}::text::json) as changed(run_id text, round integer, seq bigint)
    where models.run_id = changed.run_id and models.round = changed.round
    returning models.run_id`);
  return new Set(touched.map(({ run_id }) => run_id));
}

/** Versions beyond the newest `keep` of a run that no alias holds, oldest first. [K7] */
export async function surplusModels(db: Db, keep: number, limit: number) {
  const rows = await db.execute(sql`
    select run_id, version from (
      select run_id, version, created_at, row_number() over (partition by run_id order by created_at desc) as place
      from models
    ) as placed
    where place > ${keep} and not exists (
      select from model_aliases as held where held.run_id = placed.run_id and held.version = placed.version
    )
    order by created_at limit ${limit}`);
  return rows as unknown as { run_id: RunId; version: ModelVersion }[];
}
