import type { ModelVersion, RunId } from '@rondo/protocol';
import { and, asc, desc, eq, sql } from 'drizzle-orm';
import type { Db } from '../db.ts';
import { rounds } from '../schema.ts';
import { modelAliases, modelAliasHistory, models } from '../tables/models.ts';
import { touchModels } from './model-changes.ts';

export interface Alias {
  readonly alias: string;
  readonly version: ModelVersion;
  /** Where a rollback would go. */
  readonly previous_version: ModelVersion | null;
  readonly set_at: string;
  readonly set_by: string | null;
  readonly is_automatic: boolean;
}

type AliasRow = typeof modelAliases.$inferSelect;

// The number of versions that a rollback can return to; the oldest are dropped first.
const maxHistory = 100;

const columns = {
  alias: modelAliases.alias,
  version: modelAliases.version,
  previous_version: sql<ModelVersion | null>`(
    select version from model_alias_history as history
    where history.run_id = model_aliases.run_id and history.alias = model_aliases.alias
    order by entry desc limit 1
  )`,
  set_at: modelAliases.set_at,
  set_by: modelAliases.set_by,
  is_automatic: modelAliases.is_automatic,
};

const named = (table: typeof modelAliases | typeof modelAliasHistory, runId: RunId, alias: string) =>
  and(eq(table.run_id, runId), eq(table.alias, alias));

/** The server's own first. */
export const listAliases = (db: Db, runId: RunId): Promise<Alias[]> =>
  db
    .select(columns)
    .from(modelAliases)
    .where(eq(modelAliases.run_id, runId))
    .orderBy(desc(modelAliases.is_automatic), asc(modelAliases.alias));

export async function findAlias(db: Db, runId: RunId, alias: string): Promise<Alias | undefined> {
  const [row] = await db
    .select(columns)
    .from(modelAliases)
    .where(named(modelAliases, runId, alias));
  return row;
}

/** Returns false if the run has no such version, or the alias already points to it. */
export async function setAlias(tx: Db, row: AliasRow, seq: number): Promise<boolean> {
  const isOfRun = and(eq(models.version, row.version), eq(models.run_id, row.run_id));
  const [model] = await tx.select({ version: models.version }).from(models).where(isOfRun);
  const before = await findAlias(tx, row.run_id, row.alias);
  if (!model || before?.version === row.version) return false;
  if (before && !row.is_automatic) await remember(tx, row, before.version);
  await moveAlias(tx, row, before?.version, seq);
  return true;
}

/** False when there is no such alias. */
export async function deleteAlias(tx: Db, runId: RunId, alias: string, seq: number): Promise<boolean> {
  const [deleted] = await tx
    .delete(modelAliases)
    .where(named(modelAliases, runId, alias))
    .returning();
  if (!deleted) return false;
  await tx.delete(modelAliasHistory).where(named(modelAliasHistory, runId, alias));
  await touchModels(tx, runId, [deleted.version], seq);
  return true;
}

/** False when there is nothing to go back to. */
export async function rollBackAlias(tx: Db, row: Omit<AliasRow, 'version' | 'is_automatic'>, seq: number) {
  const before = await findAlias(tx, row.run_id, row.alias);
  if (!before || before.previous_version === null) return false;
  const ofAlias = named(modelAliasHistory, row.run_id, row.alias);
  await tx
    .delete(modelAliasHistory)
    .where(and(ofAlias, sql`entry = (select max(entry) from ${modelAliasHistory} where ${ofAlias})`));
  await moveAlias(tx, { ...row, version: before.previous_version, is_automatic: false }, before.version, seq);
  return true;
}

async function moveAlias(tx: Db, row: AliasRow, from: ModelVersion | undefined, seq: number): Promise<void> {
  await tx
    .insert(modelAliases)
    .values(row)
    .onConflictDoUpdate({ target: [modelAliases.run_id, modelAliases.alias], set: row });
  await touchModels(tx, row.run_id, from === undefined ? [row.version] : [row.version, from], seq);
}

async function remember(tx: Db, { run_id, alias }: AliasRow, version: ModelVersion): Promise<void> {
  await tx.execute(
    sql`insert into model_alias_history (run_id, alias, version) values (${run_id}, ${alias}, ${version})`,
  );
  await tx.execute(sql`
    delete from model_alias_history where run_id = ${run_id} and alias = ${alias} and entry <= (
      select entry from model_alias_history where run_id = ${run_id} and alias = ${alias}
      order by entry desc offset ${maxHistory} limit 1
    )`);
}

const ofRun = (runId: RunId) => eq(models.run_id, runId);

/** The newest. */
async function latestOf(tx: Db, runId: RunId): Promise<ModelVersion | undefined> {
  const [row] = await tx
    .select({ version: models.version })
    .from(models)
    .where(ofRun(runId))
    .orderBy(desc(models.created_at))
    .limit(1);
  return row?.version;
}

/** The version whose round has the lowest finite loss, else the highest accuracy; of equals the newest. [K6] */
async function bestOf(tx: Db, runId: RunId): Promise<ModelVersion | undefined> {
  const [row] = await tx
    .select({ version: models.version })
    .from(models)
    .innerJoin(rounds, and(eq(rounds.run_id, models.run_id), eq(rounds.round, models.round)))
    .where(and(ofRun(runId), sql`(${finite(rounds.global_loss)} or ${finite(rounds.global_accuracy)})`))
    .orderBy(
      sql`case when ${finite(rounds.global_loss)} then ${rounds.global_loss} end asc nulls last`,
      sql`case when ${finite(rounds.global_accuracy)} then ${rounds.global_accuracy} end desc nulls last`,
      desc(models.created_at),
    )
    .limit(1);
  return row?.version;
}

/** NaN is greater than all numbers here. */
const finite = (column: typeof rounds.global_loss | typeof rounds.global_accuracy) =>
  sql`(${column} > '-Infinity' and ${column} < 'Infinity')`;

/** Moves the two aliases that are the server's to where they belong by now. [K6] */
export async function keepAutomaticAliases(tx: Db, runId: RunId, seq: number, set_at: string): Promise<void> {
  for (const [alias, version] of [
    ['best', await bestOf(tx, runId)],
    ['latest', await latestOf(tx, runId)],
  ] as const) {
    if (version === undefined) await deleteAlias(tx, runId, alias, seq);
    else await setAlias(tx, { run_id: runId, alias, version, set_at, set_by: null, is_automatic: true }, seq);
  }
}
