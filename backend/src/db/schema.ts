import type {
  ClientId,
  ClientStatus,
  CommandName,
  CommandState,
  LogLevel,
  Metrics,
  ModelVersion,
  Outcome,
  ProjectId,
  ReporterId,
  RoundAttempt,
  RoundStatus,
  RunCondition,
  RunId,
  RunStatus,
  Stop,
  SystemLoad,
} from '@rondo/protocol';
import { boolean, doublePrecision, integer, jsonb, pgTable, text } from 'drizzle-orm/pg-core';
import { count, metricValue, moment, textOf } from './columns.ts';

/** How many clients an FL server waits for, and how many are connected. */
export interface Waiting {
  readonly needed: number;
  readonly here: number | null;
  readonly since: string;
}

/** The durations of the newest rounds, and the open round; together they show whether a round is overdue. */
export interface Pace {
  /** Number and duration of each complete round. */
  readonly durations: readonly (readonly [round: number, ms: number])[];
  readonly open: { readonly round: number; readonly started_at: string; readonly deadline: string | null } | null;
}

/** An end that was reported: its status and its moment. */
export type EndKey = readonly [status: RunStatus, at: string];

/** The tables of `migrations/0001_runs.sql`. Their rows have the shape of the wire. */
export const runs = pgTable('runs', {
  run_id: textOf<RunId>('run_id').notNull().primaryKey(),
  project_id: textOf<ProjectId>('project_id').notNull(),
  name: text().notNull(),
  framework: text(),
  status: textOf<RunStatus>('status').notNull(),
  reason: text(),
  config: jsonb().$type<Record<string, unknown>>().notNull(),
  num_rounds: count(),
  tags: jsonb().$type<string[]>().notNull(),
  notes: text().notNull(),
  /** An admin set the name, so the FL server's reports no longer change it. [F7] */
  edited: jsonb().$type<('name' | 'tags')[]>().notNull(),
  commands_supported: jsonb().$type<string[]>().notNull(),
  current_round: integer(),
  num_clients: count().notNull(),
  started_at: moment().notNull(),
  completed_at: moment(),
  stop: jsonb().$type<Stop>(),
  status_at: moment().notNull(),
  declared_at: moment(),
  last_reported_at: moment(),
  clock_offset_ms: count(),
  condition: jsonb().$type<RunCondition>(),
  num_values_replaced: count().notNull(),
  waiting: jsonb().$type<Waiting>(),
  presence_at: moment(),
  pace: jsonb().$type<Pace>().notNull(),
  num_rounds_over: count().notNull(),
  num_rounds_empty: count().notNull(),
  ended_by: text(),
  ends: jsonb().$type<readonly EndKey[]>().notNull(),
  rounds_seen: count().notNull(),
  rounds_failed: count().notNull(),
  bytes_up: count().notNull(),
  bytes_down: count().notNull(),
  /** Set for a run that was brought from another Rondo: it never takes the live page. [S9] */
  imported_at: moment(),
  epoch: text().notNull(),
  seq: count().notNull(),
  updated_seq: count().notNull(),
  created_at: moment().notNull(),
});

export const rounds = pgTable('rounds', {
  round_id: count().notNull().primaryKey(),
  run_id: textOf<RunId>('run_id').notNull(),
  round: integer().notNull(),
  status: textOf<RoundStatus>('status').notNull(),
  status_at: moment().notNull(),
  num_clients_expected: count().notNull(),
  num_clients_completed: count().notNull(),
  num_clients_failed: count().notNull(),
  num_clients_no_reply: count().notNull(),
  num_clients_unreported: count().notNull(),
  announced_at: moment(),
  parts_after: moment(),
  parts_until: moment(),
  attempt: integer().notNull(),
  num_named: count().notNull(),
  num_named_completed: count().notNull(),
  num_named_failed: count().notNull(),
  num_named_no_reply: count().notNull(),
  counted_completed: count().notNull(),
  counted_failed: count().notNull(),
  counted_no_reply: count().notNull(),
  progress_percent: doublePrecision().notNull(),
  started_at: moment().notNull(),
  completed_at: moment(),
  deadline: moment(),
  global_loss: metricValue(),
  global_accuracy: metricValue(),
  metrics: jsonb().$type<Metrics>().notNull(),
  model_version: textOf<ModelVersion>('model_version'),
  update_norm: metricValue(),
  cosine_to_previous: metricValue(),
  reason: text(),
  stop_requested_at: moment(),
  stop_reason: text(),
  stop: jsonb().$type<Stop>(),
  ends: jsonb().$type<readonly EndKey[]>().notNull(),
  earlier: jsonb().$type<readonly RoundAttempt[]>().notNull(),
  created_seq: count().notNull(),
  updated_seq: count().notNull(),
});

export const clients = pgTable('clients', {
  run_id: textOf<RunId>('run_id').notNull(),
  client_id: textOf<ClientId>('client_id').notNull(),
  status: textOf<ClientStatus>('status').notNull(),
  status_at: moment().notNull(),
  joined_at: moment(),
  seen_at: moment().notNull(),
  last_heartbeat: moment().notNull(),
  dataset_size: count(),
  current_round: integer(),
  round_outcome: textOf<Outcome>('round_outcome'),
  progress: doublePrecision(),
  train_loss: metricValue(),
  is_online: boolean().notNull(),
  labels: jsonb().$type<Record<string, string>>().notNull(),
  system: jsonb().$type<SystemLoad>(),
  num_parts: count().notNull(),
  last_part: integer(),
  last_sample_count: count(),
  created_seq: count().notNull(),
  updated_seq: count().notNull(),
});

export const clientUpdates = pgTable('client_updates', {
  run_id: textOf<RunId>('run_id').notNull(),
  round: integer().notNull(),
  client_id: textOf<ClientId>('client_id').notNull(),
  attempt: integer().notNull(),
  outcome: textOf<Outcome>('outcome').notNull(),
  sample_count: count(),
  train_loss: metricValue(),
  metrics: jsonb().$type<Metrics>().notNull(),
  duration_ms: doublePrecision(),
  bytes_up: count(),
  bytes_down: count(),
  update_norm: metricValue(),
  cosine_to_mean: metricValue(),
  cosine_to_previous: metricValue(),
  error: text(),
  submitted_at: moment(),
  previous_part: integer(),
});

/** Every client id once, with one of its runs. */
export const registeredClients = pgTable('registered_clients', {
  client_id: textOf<ClientId>('client_id').notNull().primaryKey(),
  run_id: textOf<RunId>('run_id').notNull(),
});

/** Runs that are being imported: rows of theirs are stored, and they are no runs yet. [X4] */
export const runImports = pgTable('run_imports', { run_id: textOf<RunId>('run_id').notNull().primaryKey() });

/** Runs that were deleted: rows of theirs may still be stored. [B11] */
export const runDeletions = pgTable('run_deletions', {
  run_id: textOf<RunId>('run_id').notNull().primaryKey(),
  deleted_at: moment().notNull(),
});

/** How many rows a list has, by run and status. */
export const listTotals = pgTable('list_totals', {
  run_id: textOf<RunId>('run_id').notNull(),
  list: textOf<'rounds' | 'clients' | 'registered'>('list').notNull(),
  status: text().notNull(),
  total: count().notNull(),
});

export const metricPoints = pgTable('metric_points', {
  run_id: textOf<RunId>('run_id').notNull(),
  name: text().notNull(),
  client_id: text().notNull(),
  step: count().notNull(),
  round: integer(),
  value: metricValue().notNull(),
  at: moment().notNull(),
  updated_seq: count().notNull(),
});

export const metricSeries = pgTable('metric_series', {
  run_id: textOf<RunId>('run_id').notNull(),
  client_id: text().notNull(),
  name: text().notNull(),
  step: count().notNull(),
  round: integer(),
  value: metricValue().notNull(),
  at: moment().notNull(),
  num_points: count().notNull(),
  block_width: count(),
});

/** The extremes of a long series by blocks of steps. */
export const metricBlocks = pgTable('metric_blocks', {
  run_id: textOf<RunId>('run_id').notNull(),
  client_id: text().notNull(),
  name: text().notNull(),
  width: count().notNull(),
  block: count().notNull(),
  num_points: count().notNull(),
  least: metricValue(),
  least_step: count(),
  least_at: moment(),
  greatest: metricValue(),
  greatest_step: count(),
  greatest_at: moment(),
  nan_step: count(),
  nan_at: moment(),
});

export const logs = pgTable('logs', {
  log_id: count().notNull(),
  run_id: textOf<RunId>('run_id').notNull(),
  client_id: text().notNull(),
  level: textOf<LogLevel>('level').notNull(),
  message: text().notNull(),
  at: moment().notNull(),
  digest: text().notNull(),
  updated_seq: count().notNull(),
});

export const commands = pgTable('commands', {
  command_id: text().notNull().primaryKey(),
  run_id: textOf<RunId>('run_id').notNull(),
  command: textOf<CommandName>('command').notNull(),
  round: integer(),
  reason: text().notNull(),
  state: textOf<CommandState>('state').notNull(),
  detail: text(),
  requested_by: text().notNull(),
  requested_at: moment().notNull(),
  delivered_at: moment(),
  delivered_by: text(),
  ended_at: moment(),
  ended_by: text(),
  expires_at: moment().notNull(),
});

/** The state that each reporter of a run has reported about itself. */
export const runReporters = pgTable('run_reporters', {
  run_id: textOf<RunId>('run_id').notNull(),
  reporter_id: textOf<ReporterId>('reporter_id').notNull(),
  commands_supported: jsonb().$type<readonly string[]>().notNull(),
  declared_at: moment(),
  clock_offset_ms: count().notNull(),
});
