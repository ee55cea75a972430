import type { Model, ModelVersion, RunId } from '@rondo/protocol';
import { and, desc, eq, getTableColumns } from 'drizzle-orm';
import type { Db } from '../database.ts';
import { models, rounds } from '../schema.ts';
import { toModel } from '../wire.ts';
import { countRows, type Page } from './page.ts';

const columns = { ...getTableColumns(models), round_id: rounds.round_id };
const itsRound = and(eq(rounds.run_id, models.run_id), eq(rounds.round, models.round));

/** Models with the id of the round that they came from. */
export const selectModels = (db: Db) => db.select(columns).from(models).leftJoin(rounds, itsRound);

/** Newest first. */
export async function listModels(
  db: Db,
  { run_id, limit, offset }: Page & { run_id?: RunId | undefined },
): Promise<{ items: Model[]; total: number }> {
  const where = run_id && eq(models.run_id, run_id);
  const rows = await selectModels(db).where(where).orderBy(desc(models.created_at)).limit(limit).offset(offset);
  return { items: rows.map(toModel), total: await countRows(db, models, where) };
}

export async function findModel(db: Db, version: ModelVersion): Promise<Model | undefined> {
  const [row] = await selectModels(db).where(eq(models.version, version));
  return row && toModel(row);
}
