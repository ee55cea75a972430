import type { Model, ModelVersion, RunId } from '@rondo/protocol';
import { and, desc, eq, getTableColumns } from 'drizzle-orm';
import type { Db } from '../database.ts';
import { models, rounds } from '../schema.ts';
import { toModel } from '../wire.ts';
import { countRows, type Page } from './page.ts';

const columns = { ...getTableColumns(models), round_id: rounds.round_id };
const itsRound = and(eq(rounds.run_id, models.run_id), eq(rounds.round, models.round));

/** Newest first. */
export async function listModels(
  db: Db,
  { run_id, limit, offset }: Page & { run_id?: RunId | undefined },
): Promise<{ items: Model[]; total: number }> {
  const where = run_id && eq(models.run_id, run_id);
  const rows = await db
    .select(columns)
    .from(models)
    .leftJoin(rounds, itsRound)
    .where(where)
    .orderBy(desc(models.created_at))
    .limit(limit)
    .offset(offset);
  return { items: rows.map(toModel), total: await countRows(db, models, where) };
}

export async function findModel(db: Db, version: ModelVersion): Promise<Model | undefined> {
  const [row] = await db.select(columns).from(models).leftJoin(rounds, itsRound).where(eq(models.version, version));
  return row && toModel(row);
}
