import type { AttentionItem, AttentionNews, AttentionRule, Dispersion, MetricValue, RunId } from '@rondo/protocol';
import { customType, integer, jsonb, pgTable, text } from 'drizzle-orm/pg-core';
import { count, moment, textOf } from '../columns.ts';

const bytes = customType<{ data: Uint8Array; driverData: Buffer }>({
  dataType: () => 'bytea',
  toDriver: (value) => Buffer.from(value.buffer, value.byteOffset, value.byteLength),
  // A copy of its own, because words must begin at a multiple of their size.
  fromDriver: (value) => new Uint8Array(value),
});

/** The total cost of a round's clients. */
export interface RoundCosts {
  readonly client_ms: number;
  readonly bytes_up: number;
  readonly bytes_down: number;
  readonly examples: number;
}

/** The results of a round's named clients. */
export interface RoundAccount {
  readonly started: number;
  readonly returned: number;
  readonly counted: number;
  readonly wasted_ms: number;
}

/** Figures of a round that are read without its columns. */
export interface RoundSums extends RoundCosts, RoundAccount {
  readonly agreement: number | null;
  readonly num_directions: number;
}

/** The tables of `migrations/0030_insight.sql`. */
export const insightRounds = pgTable('insight_rounds', {
  run_id: textOf<RunId>('run_id').notNull(),
  round: integer().notNull(),
  seq: count().notNull(),
  client: bytes().notNull(),
  outcome: bytes().notNull(),
  flags: bytes().notNull(),
  train_loss: bytes().notNull(),
  duration_ms: bytes().notNull(),
  update_norm: bytes().notNull(),
  cosine_to_mean: bytes().notNull(),
  cosine_to_previous: bytes().notNull(),
  bytes_up: bytes().notNull(),
  bytes_down: bytes().notNull(),
  sample_count: bytes().notNull(),
  dispersion: jsonb().$type<Record<string, Dispersion>>().notNull(),
  sums: jsonb().$type<RoundSums>().notNull(),
});

export const insightClients = pgTable('insight_clients', {
  run_id: textOf<RunId>('run_id').notNull(),
  client_id: text().notNull(),
  client_index: integer().notNull(),
});

/** The table of `migrations/0066_insight_columns.sql`. */
export const insightTotals = pgTable('insight_totals', {
  run_id: textOf<RunId>('run_id').notNull(),
  block: integer().notNull(),
  num_rounds: integer().notNull(),
  seqs: count().notNull(),
  totals: bytes().notNull(),
});

export const attentionLists = pgTable('attention_lists', {
  run_id: textOf<RunId>('run_id').notNull().primaryKey(),
  list: jsonb().$type<AttentionNews>().notNull(),
  updated_seq: count().notNull(),
});

/** The table of `migrations/0032_attention_kept.sql`. */
export const attentionKept = pgTable('attention_kept', {
  run_id: textOf<RunId>('run_id').notNull().primaryKey(),
  epoch: text().notNull(),
  seq: count().notNull(),
  from_round: integer(),
  to_round: integer(),
  num_clients: integer().notNull(),
  items: jsonb().$type<AttentionItem[]>().notNull(),
  total: integer().notNull(),
  muted_items: jsonb().$type<AttentionItem[]>().notNull(),
  mutes: jsonb().$type<readonly { readonly client_id: string; readonly rule: string }[]>().notNull(),
});

export const attentionMutes = pgTable('attention_mutes', {
  run_id: textOf<RunId>('run_id').notNull(),
  client_id: text().notNull(),
  rule: textOf<AttentionRule | ''>('rule').notNull(),
  reason: text().notNull(),
  muted_by: text().notNull(),
  muted_at: moment().notNull(),
});

/** The last and the best value of one metric, with their rounds. NaN is never the best. [G11] */
export interface RunFigure {
  readonly last: MetricValue;
  readonly last_round: number;
  readonly best: MetricValue | null;
  readonly best_round: number | null;
}

/** A sparkline and its first round, which gives the width of its buckets. */
export interface KeptLine {
  readonly name: string;
  readonly round: readonly number[];
  readonly value: readonly MetricValue[];
  readonly first: number;
}

/** The stored summary of a run's rounds. [G11] */
export interface SummaryState {
  readonly figures: Readonly<Record<string, RunFigure>>;
  readonly sparkline: KeptLine | null;
}

/** The tables of `migrations/0034_run_pages.sql`. */
export const runSummaries = pgTable('run_summaries', {
  run_id: textOf<RunId>('run_id').notNull().primaryKey(),
  state: jsonb().$type<SummaryState>().notNull(),
});

/** Existing runs without a summary yet. */
export const runBacklog = pgTable('run_backlog', { run_id: textOf<RunId>('run_id').notNull().primaryKey() });
