import type { ModelVersion, RunId } from '@rondo/protocol';
import { boolean, integer, jsonb, pgTable, text, uuid } from 'drizzle-orm/pg-core';
import { count, moment, textOf } from '../columns.ts';

/** One tensor of a safetensors file, as its header says. */
export interface Tensor {
  readonly name: string;
  readonly dtype: string;
  readonly shape: number[];
}

export const models = pgTable('models', {
  run_id: textOf<RunId>('run_id').notNull(),
  version: textOf<ModelVersion>('version').notNull(),
  round: integer(),
  format: text().notNull(),
  sha256: text().notNull(),
  parent: textOf<ModelVersion>('parent'),
  created_by: text(),
  created_at: moment().notNull(),
  updated_seq: count().notNull(),
});

export const modelContents = pgTable('model_contents', {
  sha256: text().notNull().primaryKey(),
  size_bytes: count().notNull(),
  parameter_count: count(),
  tensor_count: count().notNull(),
  tensors: jsonb().$type<Tensor[]>().notNull(),
  removing_since: moment(),
});

export const contentClaims = pgTable('content_claims', {
  claim_id: uuid().primaryKey(),
  sha256: text().notNull(),
  expires_at: moment().notNull(),
});

export const modelAliases = pgTable('model_aliases', {
  run_id: textOf<RunId>('run_id').notNull(),
  alias: text().notNull(),
  version: textOf<ModelVersion>('version').notNull(),
  set_at: moment().notNull(),
  set_by: text(),
  is_automatic: boolean().notNull(),
});

export const modelAliasHistory = pgTable('model_alias_history', {
  entry: count().notNull().primaryKey(),
  run_id: textOf<RunId>('run_id').notNull(),
  alias: text().notNull(),
  version: textOf<ModelVersion>('version').notNull(),
});

export const deletedModels = pgTable('deleted_models', {
  run_id: textOf<RunId>('run_id').notNull(),
  version: textOf<ModelVersion>('version').notNull(),
  updated_seq: count().notNull(),
});
