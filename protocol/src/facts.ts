import { z } from 'zod';
import { boundedArray } from './bounded.ts';
import { logLevelSchema, systemSchema } from './entities.ts';
import { limits } from './limits.ts';
import {
  configSchema,
  countSchema,
  labelsSchema,
  metricsSchema,
  metricValueSchema,
  modelVersionSchema,
  momentSchema,
  newClientIdSchema,
  newRunIdSchema,
  roundNumberSchema,
  text,
} from './values.ts';

const reason = text(limits.reason);
const names = boundedArray(text(limits.name, 1), limits.entries);
const clientCount = countSchema.max(limits.integer);
const milliseconds = z.number().min(0);

const fact = <T extends string, S extends z.ZodRawShape>(type: T, shape: S) =>
  z.object({ type: z.literal(type), run_id: newRunIdSchema, at: momentSchema, ...shape });

/** Every fact that an FL server can report; SPEC.md defines each. */
export const factSchema = z.discriminatedUnion(
  'type',
  [
    fact('run_started', {
      name: text(limits.name, 1),
      framework: text(limits.name, 1),
      config: configSchema.optional(),
      num_rounds: countSchema.nullish(),
      tags: names.optional(),
      commands_supported: names.optional(),
      /** Brought from another tool, where it happened before. [F10] */
      imported: z.boolean().optional(),
    }),
    fact('run_complete', { status: z.enum(['complete', 'failed', 'stopped']), reason: reason.nullish() }),
    fact('round_started', {
      round: roundNumberSchema,
      client_ids: boundedArray(newClientIdSchema, limits.selectedClients).nullish(),
      num_clients_expected: clientCount.nullish(),
      deadline: momentSchema.nullish(),
    }).refine((started) => started.client_ids != null || started.num_clients_expected != null, {
      path: ['client_ids'],
      message: 'either client_ids or num_clients_expected is required',
    }),
    fact('round_update', { round: roundNumberSchema, status: z.enum(['collecting', 'aggregating']) }),
    fact('round_complete', {
      round: roundNumberSchema,
      global_loss: metricValueSchema.nullish(),
      global_accuracy: metricValueSchema.nullish(),
      metrics: metricsSchema.default({}),
      model_version: modelVersionSchema.nullish(),
      /** L2 norm of the mean of the round's updates. */
      update_norm: metricValueSchema.nullish(),
      /** Cosine of the mean of the round's updates with that of the round before. */
      cosine_to_previous: metricValueSchema.nullish(),
      /** The outcomes of clients that are not named in this round. [A4] */
      num_clients_completed: clientCount.nullish(),
      num_clients_failed: clientCount.nullish(),
      num_clients_no_reply: clientCount.nullish(),
    }),
    fact('round_failed', { round: roundNumberSchema, reason }),
    fact('round_stopped', { round: roundNumberSchema, reason }),
    fact('client_joined', {
      client_id: newClientIdSchema,
      dataset_size: z.int().positive('must be greater than 0').nullish(),
      labels: labelsSchema.default({}),
    }),
    fact('client_left', { client_id: newClientIdSchema, reason: reason.nullish() }),
    fact('client_heartbeat', { client_id: newClientIdSchema, system: systemSchema.nullish() }),
    /** Which clients the framework holds connected, and how many the FL server waits for. [L6] */
    fact('client_presence', {
      client_ids: boundedArray(newClientIdSchema, limits.selectedClients).nullish(),
      num_connected: clientCount.nullish(),
      num_needed: clientCount.nullish(),
    }).refine((presence) => presence.client_ids != null || presence.num_connected != null, {
      path: ['client_ids'],
      message: 'either client_ids or num_connected is required',
    }),
    fact('client_status', {
      client_id: newClientIdSchema,
      status: z.enum(['idle', 'training', 'uploading', 'offline', 'failed']),
      round: roundNumberSchema.nullish(),
      progress: z.number().min(0).max(1).nullish(),
    }),
    fact('client_result', {
      client_id: newClientIdSchema,
      round: roundNumberSchema,
      sample_count: countSchema,
      train_loss: metricValueSchema.nullish(),
      metrics: metricsSchema.default({}),
      duration_ms: milliseconds.nullish(),
      bytes_up: countSchema.nullish(),
      bytes_down: countSchema.nullish(),
      update_norm: metricValueSchema.nullish(),
      cosine_to_mean: metricValueSchema.nullish(),
      /** With the mean update of the round before. */
      cosine_to_previous: metricValueSchema.nullish(),
    }),
    fact('client_failed', { client_id: newClientIdSchema, round: roundNumberSchema, reason }),
    fact('client_no_reply', {
      client_id: newClientIdSchema,
      round: roundNumberSchema,
      waited_ms: milliseconds.nullish(),
    }),
    fact('metric', {
      name: text(limits.name, 1),
      value: metricValueSchema,
      step: countSchema.nullish(),
      round: roundNumberSchema.nullish(),
      client_id: newClientIdSchema.nullish(),
    }).refine((metric) => metric.step != null || metric.round != null, {
      path: ['step'],
      message: 'either step or round is required',
    }),
    fact('privacy_spent', {
      epsilon: z.union([z.number().min(0), z.literal('Infinity')]),
      delta: z.number().min(0).max(1),
      client_id: newClientIdSchema.nullish(),
      round: roundNumberSchema.nullish(),
    }),
    fact('log', {
      level: logLevelSchema,
      message: text(limits.message),
      client_id: newClientIdSchema.nullish(),
    }),
    fact('command_ack', {
      command_id: text(limits.id, 1),
      state: z.enum(['delivered', 'applied', 'rejected']),
      detail: reason.nullish(),
    }),
  ],
  { error: (issue) => (issue.code === 'invalid_union' ? 'unknown event type' : undefined) },
);

export type Fact = z.infer<typeof factSchema>;
export type FactType = Fact['type'];
export type FactOf<T extends FactType> = Extract<Fact, { type: T }>;
/** A fact as a reporter writes it, before defaults are filled in. */
export type FactInput = z.input<typeof factSchema>;
