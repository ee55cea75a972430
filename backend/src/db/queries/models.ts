import type { LiveEvent, Metrics, MetricValue, Model, ModelVersion, RunId } from '@rondo/protocol';
import { and, desc, eq, gt, type SQL, sql } from 'drizzle-orm';
import type { Db } from '../db.ts';
import { rounds } from '../schema.ts';
import { deletedModels, modelContents, models, type Tensor } from '../tables/models.ts';
import { countRows, type Page } from './page.ts';
import { ofVisibleRuns, type Visible } from './projects.ts';

export type { Tensor } from '../tables/models.ts';

export interface ModelDetail extends Model {
  readonly tensors: Tensor[];
  readonly tensor_count: number;
  readonly created_by: string | null;
  readonly round_metrics: Metrics;
}

const columns = {
  version: models.version,
  run_id: models.run_id,
  round_id: rounds.round_id,
  round: models.round,
  format: models.format,
  size_bytes: modelContents.size_bytes,
  sha256: models.sha256,
  parent: models.parent,
  parameter_count: modelContents.parameter_count,
  round_metrics: rounds.metrics,
  global_loss: rounds.global_loss,
  global_accuracy: rounds.global_accuracy,
  aliases: sql<string[]>`coalesce((
    select json_agg(alias order by alias) from model_aliases
    where model_aliases.run_id = models.run_id and model_aliases.version = models.version
  ), '[]')`,
  created_at: models.created_at,
};
const itsRound = and(eq(rounds.run_id, models.run_id), eq(rounds.round, models.round));
const itsContent = eq(modelContents.sha256, models.sha256);

const selectModels = (db: Db) =>
  db.select(columns).from(models).innerJoin(modelContents, itsContent).leftJoin(rounds, itsRound);

type Selected = Awaited<ReturnType<typeof selectModels>>[number];

/** With the figures of its round as they are now. [K5] */
function toModel({ round_metrics, global_loss, global_accuracy, ...model }: Selected): Model {
  return { ...model, metrics: { ...round_metrics, ...known({ global_loss, global_accuracy }) } };
}

const known = (figures: Record<string, MetricValue | null>): Metrics =>
  Object.fromEntries(Object.entries(figures).filter((entry): entry is [string, MetricValue] => entry[1] !== null));

const newestFirst = [desc(models.created_at), desc(models.version)];

export async function listModels(
  db: Db,
  { visible, run_id, limit, offset }: Page & { visible: Visible; run_id?: RunId | undefined },
): Promise<{ items: Model[]; total: number }> {
  const where = and(ofVisibleRuns(models.run_id, visible), run_id && eq(models.run_id, run_id));
  const rows = await selectModels(db)
    .where(where)
    .orderBy(...newestFirst)
    .limit(limit)
    .offset(offset);
  return { items: rows.map(toModel), total: await countRows(db, models, where) };
}

export const newestModels = async (db: Db, runId: RunId, limit: number): Promise<Model[]> =>
  (await listModelsWhere(db, eq(models.run_id, runId), limit)).map(toModel);

const listModelsWhere = (db: Db, where: SQL | undefined, limit: number) =>
  selectModels(db)
    .where(where)
    .orderBy(...newestFirst)
    .limit(limit);

/** Runs that a refusal names. */
const maxNamed = 20;

/** The visible models of this name; several where several runs have one, unless a run is named. [K1] */
export async function findModels(
  db: Db,
  version: ModelVersion,
  visible: Visible,
  runId?: RunId | undefined,
): Promise<Model[]> {
  const ofRun = runId === undefined ? undefined : eq(models.run_id, runId);
  const where = and(eq(models.version, version), ofRun, ofVisibleRuns(models.run_id, visible));
  return (await listModelsWhere(db, where, maxNamed)).map(toModel);
}

/** The model of this name in the run; without a run the newest of that name. */
export const findModel = async (
  db: Db,
  version: ModelVersion,
  visible: Visible,
  runId?: RunId,
): Promise<Model | undefined> => (await findModels(db, version, visible, runId))[0];

export async function findModelDetail(db: Db, model: Model): Promise<ModelDetail | undefined> {
  const [row] = await db
    .select({
      tensors: modelContents.tensors,
      tensor_count: modelContents.tensor_count,
      created_by: models.created_by,
    })
    .from(models)
    .innerJoin(modelContents, itsContent)
    .where(and(eq(models.run_id, model.run_id), eq(models.version, model.version)));
  return row && { ...model, ...row, round_metrics: model.metrics };
}

/** The changes that a viewer needs since `seq`: changed models, and deleted ones. [S10] */
export async function modelEventsSince(db: Db, runId: RunId, since: number, limit?: number): Promise<LiveEvent[]> {
  const most = limit ?? Number.MAX_SAFE_INTEGER;
  const changed = await listModelsWhere(db, and(eq(models.run_id, runId), gt(models.updated_seq, since)), most);
  const deleted = await db
    .select({ run_id: deletedModels.run_id, version: deletedModels.version })
    .from(deletedModels)
    .where(and(eq(deletedModels.run_id, runId), gt(deletedModels.updated_seq, since)))
    .limit(most);
  return [
    ...changed.map((row): LiveEvent => ({ type: 'model_saved', data: toModel(row) })),
    ...deleted.map((data): LiveEvent => ({ type: 'model_deleted', data })),
  ];
}
