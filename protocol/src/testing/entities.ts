import type { Client, LogEntry, MetricPoint, Model, Round, Run } from '../entities.ts';
import {
  type BatchMessage,
  type LiveEvent,
  type SnapshotData,
  type SnapshotMessage,
  snapshotDataSchema,
} from '../socket.ts';
import { clientIdSchema, defaultProject, modelVersionSchema, runIdSchema } from '../values.ts';
import { fromSnapshot, type ViewerState } from '../viewer-state.ts';

const run_id = runIdSchema.parse('a-run');

/** Noon, and so many seconds later. */
export const noon = (seconds = 0): string => new Date(Date.UTC(2026, 0, 31, 12, 0, seconds)).toISOString();

export const makeRun = (fields: Partial<Run> = {}): Run => ({
  run_id,
  project_id: defaultProject,
  name: 'A run',
  framework: 'flower',
  status: 'running',
  reason: null,
  config: {},
  num_rounds: 10,
  tags: [],
  notes: '',
  commands_supported: [],
  current_round: 1,
  num_clients: 2,
  started_at: noon(),
  completed_at: null,
  stop: null,
  last_reported_at: null,
  clock_offset_ms: null,
  condition: null,
  num_values_replaced: 0,
  ...fields,
});

export const makeRound = (fields: Partial<Round> & { round: number }): Round => ({
  round_id: 100 + fields.round,
  run_id,
  status: 'collecting',
  num_clients_expected: 2,
  num_clients_completed: 0,
  num_clients_failed: 0,
  num_clients_no_reply: 0,
  num_clients_unreported: 0,
  attempt: 1,
  progress_percent: 0,
  started_at: noon(),
  completed_at: null,
  deadline: null,
  global_loss: null,
  global_accuracy: null,
  metrics: {},
  model_version: null,
  update_norm: null,
  cosine_to_previous: null,
  reason: null,
  stop_requested_at: null,
  stop_reason: null,
  stop: null,
  ...fields,
});

export const makeClient = ({
  client_id,
  ...fields
}: Partial<Omit<Client, 'client_id'>> & { client_id: string }): Client => ({
  client_id: clientIdSchema.parse(client_id),
  run_id,
  status: 'training',
  last_heartbeat: noon(),
  dataset_size: null,
  current_round: 1,
  round_outcome: 'pending',
  progress: null,
  train_loss: null,
  is_online: true,
  labels: {},
  system: null,
  ...fields,
});

export const makeModel = (version: string, fields: Partial<Omit<Model, 'version'>> = {}): Model => ({
  version: modelVersionSchema.parse(version),
  run_id,
  round_id: null,
  round: null,
  format: 'npz',
  size_bytes: 1,
  sha256: '00',
  parent: null,
  parameter_count: null,
  metrics: {},
  aliases: [],
  created_at: noon(),
  ...fields,
});

export const makeLog = (log_id: number, message = `line ${log_id}`): LogEntry => ({
  log_id,
  run_id,
  client_id: null,
  level: 'info',
  message,
  at: noon(),
});

export const makePoint = (fields: Partial<MetricPoint> = {}): MetricPoint => ({
  run_id,
  name: 'lr',
  client_id: null,
  step: 1,
  round: null,
  value: 0.1,
  at: noon(),
  ...fields,
});

export function makeSnapshot(data: Partial<SnapshotData> = {}, seq = 1): SnapshotMessage {
  const nothing = { rounds: [], clients: [], metrics_history: [], models: [], metrics: [], logs: [] };
  const whole = { run: makeRun(), ...nothing, ...data };
  return { type: 'snapshot', run_id, epoch: 'an-epoch', seq, data: snapshotDataSchema.parse(whole) };
}

export const makeState = (data: Partial<SnapshotData> = {}, seq = 1): ViewerState =>
  fromSnapshot(makeSnapshot(data, seq));

/** The batch that continues `state`. */
export const makeBatch = (
  state: ViewerState,
  events: LiveEvent[],
  fields: Partial<BatchMessage> = {},
): BatchMessage => ({
  type: 'batch',
  run_id,
  from_seq: state.seq,
  seq: state.seq + 1,
  events,
  ...fields,
});
