import { z } from 'zod';
import {
  clientIdSchema,
  configSchema,
  countSchema,
  labelsSchema,
  metricsSchema,
  metricValueSchema,
  modelVersionSchema,
  momentSchema,
  projectIdSchema,
  roundNumberSchema,
  runIdSchema,
} from './values.ts';

/** The commands to an FL server; each run declares which it supports. */
export const commandNames = ['stop_round', 'stop_run'] as const;
export const commandNameSchema = z.enum(commandNames);
export type CommandName = z.infer<typeof commandNameSchema>;

export const commandStateSchema = z.enum(['requested', 'delivered', 'applied', 'rejected', 'expired']);
export type CommandState = z.infer<typeof commandStateSchema>;

/** The newest request to stop a run or a round, and its result. [C1] [C3] */
export const stopSchema = z
  .object({
    command_id: z.string(),
    command: commandNameSchema,
    state: commandStateSchema,
    reason: z.string(),
    /** The name of the user who requested it. */
    requested_by: z.string(),
    requested_at: momentSchema,
    /** When the FL server said that it had the command. */
    delivered_at: momentSchema.nullable(),
    /** When it was applied, rejected or expired. */
    ended_at: momentSchema.nullable(),
    /** Why it ended as it did; while it is open, that no reporter can receive it. */
    detail: z.string().nullable(),
    expires_at: momentSchema,
  })
  .meta({ id: 'Stop' });
export type Stop = z.infer<typeof stopSchema>;

export const runStatusSchema = z.enum(['running', 'complete', 'failed', 'stopped']);
export type RunStatus = z.infer<typeof runStatusSchema>;

export const runConditionSchema = z.object({
  state: z.enum(['healthy', 'waiting_for_clients', 'overdue', 'silent']),
  since: momentSchema,
  detail: z.string().nullable(),
});
/** How a running run fares, by the server's clock. It never replaces the reported status. [L7] */
export type RunCondition = z.infer<typeof runConditionSchema>;

export const roundStatusSchema = z.enum(['waiting', 'collecting', 'aggregating', 'complete', 'failed', 'stopped']);
export type RoundStatus = z.infer<typeof roundStatusSchema>;

export const clientStatusSchema = z.enum(['idle', 'training', 'uploading', 'offline', 'failed']);
export type ClientStatus = z.infer<typeof clientStatusSchema>;

export const outcomeSchema = z.enum(['pending', 'complete', 'failed', 'no_reply', 'unreported']);
export type Outcome = z.infer<typeof outcomeSchema>;

export const logLevelSchema = z.enum(['debug', 'info', 'warning', 'error', 'critical']);
export type LogLevel = z.infer<typeof logLevelSchema>;

export const runSchema = z
  .object({
    run_id: runIdSchema,
    project_id: projectIdSchema,
    name: z.string(),
    framework: z.string().nullable(),
    status: runStatusSchema,
    reason: z.string().nullable(),
    config: configSchema,
    num_rounds: countSchema.nullable(),
    tags: z.array(z.string()),
    notes: z.string(),
    commands_supported: z.array(z.string()),
    current_round: roundNumberSchema.nullable(),
    num_clients: countSchema,
    started_at: momentSchema,
    completed_at: momentSchema.nullable(),
    stop: stopSchema.nullable(),
    /** When a batch of its reporters last arrived, by the server's clock; at most 5 s old news. */
    last_reported_at: momentSchema.nullable(),
    /** Clock offset of the FL server: positive is ahead of this server, negative is late, 0 is within 2 s. [T1] */
    clock_offset_ms: z.int().nullable(),
    /** Null once the run is over. */
    condition: runConditionSchema.nullable(),
    /** How often a later report replaced a value that was there. [F8] */
    num_values_replaced: countSchema,
    /** When it was brought from another tool or another Rondo; null for a run that was reported as it happened. */
    imported_at: momentSchema.nullable(),
  })
  .meta({ id: 'Run' });
export type Run = z.infer<typeof runSchema>;

export const roundSchema = z
  .object({
    round_id: countSchema,
    run_id: runIdSchema,
    round: roundNumberSchema,
    status: roundStatusSchema,
    num_clients_expected: countSchema,
    num_clients_completed: countSchema,
    num_clients_failed: countSchema,
    num_clients_no_reply: countSchema,
    /** Clients without a reported outcome in a closed round. [A2] */
    num_clients_unreported: countSchema,
    /** From 1; a round that is started again has a new account. [L8] */
    attempt: z.int().min(1),
    progress_percent: z.number().min(0).max(100),
    started_at: momentSchema,
    completed_at: momentSchema.nullable(),
    deadline: momentSchema.nullable(),
    global_loss: metricValueSchema.nullable(),
    global_accuracy: metricValueSchema.nullable(),
    metrics: metricsSchema,
    model_version: modelVersionSchema.nullable(),
    update_norm: metricValueSchema.nullable(),
    cosine_to_previous: metricValueSchema.nullable(),
    reason: z.string().nullable(),
    stop_requested_at: momentSchema.nullable(),
    stop_reason: z.string().nullable(),
    stop: stopSchema.nullable(),
  })
  .meta({ id: 'Round' });
export type Round = z.infer<typeof roundSchema>;

/** The record of an attempt that a later one has replaced. [L8] */
export const roundAttemptSchema = z.object({
  attempt: z.int().min(1),
  status: roundStatusSchema,
  started_at: momentSchema,
  completed_at: momentSchema.nullable(),
  num_clients_expected: countSchema,
  num_clients_completed: countSchema,
  num_clients_failed: countSchema,
  num_clients_no_reply: countSchema,
  num_clients_unreported: countSchema,
  global_loss: metricValueSchema.nullable(),
  global_accuracy: metricValueSchema.nullable(),
  reason: z.string().nullable(),
});
export type RoundAttempt = z.infer<typeof roundAttemptSchema>;

/** A command with its target and the reporter that replied. */
export const commandRecordSchema = stopSchema
  .extend({
    run_id: runIdSchema,
    /** Null for a command to the whole run. */
    round: roundNumberSchema.nullable(),
    /** The `reporter_id` that had it. */
    delivered_by: z.string().nullable(),
    /** The `reporter_id` that said so; null is the server's own conclusion. [C6] */
    ended_by: z.string().nullable(),
  })
  .meta({ id: 'Command' });
export type CommandRecord = z.infer<typeof commandRecordSchema>;

export const systemSchema = z.object({
  cpu_percent: z.number().min(0).optional(),
  memory_bytes: countSchema.optional(),
  gpu_percent: z.number().min(0).optional(),
});
export type SystemLoad = z.infer<typeof systemSchema>;

export const clientSchema = z
  .object({
    client_id: clientIdSchema,
    run_id: runIdSchema,
    status: clientStatusSchema,
    last_heartbeat: momentSchema,
    dataset_size: z.int().positive().nullable(),
    current_round: roundNumberSchema.nullable(),
    /** The client's outcome in `current_round`. */
    round_outcome: outcomeSchema.nullable(),
    /** How far it is in `current_round`, 0 to 1, where it says so. */
    progress: z.number().min(0).max(1).nullable(),
    train_loss: metricValueSchema.nullable(),
    is_online: z.boolean(),
    labels: labelsSchema,
    system: systemSchema.nullable(),
  })
  .meta({ id: 'Client' });
export type Client = z.infer<typeof clientSchema>;

export const clientUpdateSchema = z
  .object({
    round_id: countSchema,
    round: roundNumberSchema,
    run_id: runIdSchema,
    client_id: clientIdSchema,
    /** The attempt of the round. If it differs from the round's own, it belongs to an earlier attempt. [L8] */
    attempt: z.int().min(1),
    outcome: outcomeSchema,
    sample_count: countSchema.nullable(),
    train_loss: metricValueSchema.nullable(),
    metrics: metricsSchema,
    duration_ms: z.number().min(0).nullable(),
    bytes_up: countSchema.nullable(),
    bytes_down: countSchema.nullable(),
    update_norm: metricValueSchema.nullable(),
    cosine_to_mean: metricValueSchema.nullable(),
    cosine_to_previous: metricValueSchema.nullable(),
    error: z.string().nullable(),
    submitted_at: momentSchema.nullable(),
  })
  .meta({ id: 'ClientUpdate' });
export type ClientUpdate = z.infer<typeof clientUpdateSchema>;

export const modelSchema = z
  .object({
    version: modelVersionSchema,
    run_id: runIdSchema,
    round_id: countSchema.nullable(),
    round: roundNumberSchema.nullable(),
    format: z.string(),
    size_bytes: countSchema,
    sha256: z.string(),
    /** The version that it was trained from, where the uploader said so. */
    parent: modelVersionSchema.nullable(),
    /** The number of values, if the header has it: the elements of all tensors of a safetensors file. */
    parameter_count: countSchema.nullable(),
    /** The figures of its round as they are now, `global_loss` and `global_accuracy` among them. [K5] */
    metrics: metricsSchema,
    aliases: z.array(z.string()),
    created_at: momentSchema,
  })
  .meta({ id: 'Model' });
export type Model = z.infer<typeof modelSchema>;

/** One point of one series: `client_id` null is the server's own. */
export const metricPointSchema = z.object({
  run_id: runIdSchema,
  name: z.string(),
  client_id: clientIdSchema.nullable(),
  step: countSchema,
  round: roundNumberSchema.nullable(),
  value: metricValueSchema,
  at: momentSchema,
});
export type MetricPoint = z.infer<typeof metricPointSchema>;

export const logEntrySchema = z.object({
  log_id: countSchema,
  run_id: runIdSchema,
  client_id: clientIdSchema.nullable(),
  level: logLevelSchema,
  message: z.string(),
  at: momentSchema,
});
export type LogEntry = z.infer<typeof logEntrySchema>;

/** One round's global figures: a point of the training curve. */
export const historyPointSchema = z.object({
  round: roundNumberSchema,
  loss: metricValueSchema.nullable(),
  accuracy: metricValueSchema.nullable(),
});
export type HistoryPoint = z.infer<typeof historyPointSchema>;
