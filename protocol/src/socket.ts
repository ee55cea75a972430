import { z } from 'zod';
import {
  clientSchema,
  historyPointSchema,
  logEntrySchema,
  metricPointSchema,
  modelSchema,
  roundSchema,
  runSchema,
} from './entities.ts';
import { attentionNewsSchema } from './http/attention.ts';
import { modelVersionSchema, runIdSchema } from './values.ts';

const event = <T extends string, D extends z.ZodType>(type: T, data: D) => z.object({ type: z.literal(type), data });

/** One entity's whole new state. `_joined`, `_started` and `_complete` say what is new about it; all are upserts. [S4] */
export const liveEventSchema = z.discriminatedUnion('type', [
  event('run_update', runSchema),
  event('round_started', roundSchema),
  event('round_update', roundSchema),
  event('round_complete', roundSchema),
  event('client_joined', clientSchema),
  event('client_update', clientSchema),
  event('metric', metricPointSchema),
  event('model_saved', modelSchema),
  /** The one event that takes away: a viewer forgets the version. [S10] */
  event('model_deleted', z.object({ run_id: runIdSchema, version: modelVersionSchema })),
  event('log', logEntrySchema),
  /** The whole attention list: it replaces the one before. [G6] */
  event('attention', attentionNewsSchema),
]);
export type LiveEvent = z.infer<typeof liveEventSchema>;

const position = { run_id: runIdSchema, epoch: z.string(), seq: z.int().min(0) };

export const snapshotDataSchema = z.object({
  run: runSchema,
  rounds: z.array(roundSchema),
  clients: z.array(clientSchema),
  metrics_history: z.array(historyPointSchema),
  models: z.array(modelSchema),
  metrics: z.array(metricPointSchema),
  logs: z.array(logEntrySchema),
  /** Null while nothing ever needed a look. */
  attention: attentionNewsSchema.nullish(),
});
export type SnapshotData = z.infer<typeof snapshotDataSchema>;

/** Sent while no run exists at all; a snapshot of the first run follows by itself. */
const emptySnapshotSchema = z.object({
  type: z.literal('snapshot'),
  run_id: z.null(),
  epoch: z.null(),
  seq: z.literal(0),
  data: snapshotDataSchema.extend({ run: z.null() }),
});

export const snapshotMessageSchema = z.object({
  type: z.literal('snapshot'),
  ...position,
  /** Of a run with many clients, which follow in batches: the position from which on all of them are known. [S12] */
  complete_at: z.int().min(0).optional(),
  data: snapshotDataSchema,
});
export type SnapshotMessage = z.infer<typeof snapshotMessageSchema>;
export type EmptySnapshotMessage = z.infer<typeof emptySnapshotSchema>;

export const batchMessageSchema = z.object({
  type: z.literal('batch'),
  run_id: runIdSchema,
  from_seq: z.int().min(0),
  seq: z.int().min(0),
  events: z.array(liveEventSchema),
});
export type BatchMessage = z.infer<typeof batchMessageSchema>;

/** Everything the server sends as JSON; `ping` and `pong` are plain text. */
export const serverMessageSchema = z.union([snapshotMessageSchema, emptySnapshotSchema, batchMessageSchema]);
export type ServerMessage = z.infer<typeof serverMessageSchema>;

/** The entity of an event: events of one key replace each other. [S4] */
export function liveEventKey({ type, data }: LiveEvent): string {
  switch (type) {
    case 'run_update':
      return 'run';
    case 'round_started':
    case 'round_update':
    case 'round_complete':
      return `round ${data.round}`;
    case 'client_joined':
    case 'client_update':
      return `client ${data.client_id}`;
    case 'metric':
      return JSON.stringify(['metric', data.name, data.client_id, data.round, data.step]);
    case 'model_saved':
    case 'model_deleted':
      return `model ${data.version}`;
    case 'log':
      return `log ${data.log_id}`;
    case 'attention':
      return 'attention';
    default:
      return type satisfies never;
  }
}
