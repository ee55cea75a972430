import { createHash } from 'node:crypto';
import { defaultProject, type ModelVersion, modelVersionSchema, type RunId } from '@rondo/protocol';
import type { Db } from '../src/db/db.ts';
import { modelContents, models } from '../src/db/tables/models.ts';
import type { Input } from '../src/ingest/state.ts';

export const version = (name: string): ModelVersion => modelVersionSchema.parse(name);

interface Fields {
  readonly run_id: RunId;
  readonly version: string;
  readonly round?: number | null;
  readonly sha256?: string;
}

const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex');

const rowOf = ({ version: name, round = null, sha256 = digestOf(name) }: Fields) => ({
  version: version(name),
  round,
  format: 'npz',
  sha256,
  parent: null,
  created_by: 'a test',
});

const storeContent = (db: Db, sha256: string): Promise<unknown> =>
  db.insert(modelContents).values({ sha256, size_bytes: 10, tensor_count: 0, tensors: [] }).onConflictDoNothing();

/** Stores a model in the database without publishing it. */
export async function storeModel(db: Db, fields: Fields): Promise<void> {
  const row = rowOf(fields);
  await storeContent(db, row.sha256);
  const stamps = { run_id: fields.run_id, created_at: '2026-01-31T12:00:00.000Z', updated_seq: 1 };
  await db
    .insert(models)
    .values({ ...row, ...stamps })
    .onConflictDoNothing();
}

/** The writer's input for a model whose content is in the store. */
export async function modelSaved(db: Db, fields: Fields): Promise<Input> {
  const model = rowOf(fields);
  await storeContent(db, model.sha256);
  return {
    type: 'model_saved',
    run_id: fields.run_id,
    project_id: defaultProject,
    at: '2026-01-31T12:00:00.000Z',
    model,
  };
}
