import {
  type Client,
  clientSchema,
  type LogEntry,
  type MetricPoint,
  type Model,
  modelSchema,
  type Round,
  type Run,
  roundSchema,
  runSchema,
  type Stop,
  stopSchema,
} from '../entities.ts';
import {
  type BatchMessage,
  type LiveEvent,
  type SnapshotData,
  type SnapshotMessage,
  snapshotDataSchema,
} from '../socket.ts';
import { defaultProject, runIdSchema } from '../values.ts';
import { fromSnapshot, type ViewerState } from '../viewer-state.ts';

const run_id = runIdSchema.parse('run-1');

/** Noon, and so many seconds later. */
export const noon = (seconds = 0): string => new Date(Date.UTC(2026, 0, 31, 12, 0, seconds)).toISOString();

/** Plain values in place of branded ones; the schema checks them. */
type Given<T> = Partial<Record<keyof T, unknown>>;

export const makeRun = (given: Given<Run> = {}): Run =>
  runSchema.parse({
    run_id,
    project_id: defaultProject,
    name: 'a run',
    framework: 'flower',
    status: 'running',
    reason: null,
    config: {},
    num_rounds: 10,
    tags: [],
    notes: '',
    commands_supported: ['stop_round'],
    current_round: 1,
    num_clients: 2,
    started_at: noon(),
    completed_at: null,
    stop: null,
    last_reported_at: null,
    clock_offset_ms: null,
    condition: null,
    num_values_replaced: 0,
    imported_at: null,
    ...given,
  });

export const makeRound = (given: Given<Round> = {}): Round =>
  roundSchema.parse({
    round_id: 100 + Number(given.round ?? 1),
    run_id,
    round: 1,
    status: 'collecting',
    num_clients_expected: 4,
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
    ...given,
  });

export const makeStop = (given: Given<Stop> = {}): Stop =>
  stopSchema.parse({
    command_id: 'command-1',
    command: 'stop_round',
    state: 'requested',
    reason: 'wrong data',
    requested_by: 'grace',
    requested_at: noon(),
    delivered_at: null,
    ended_at: null,
    detail: null,
    expires_at: noon(300),
    ...given,
  });

export const makeClient = (given: Given<Client> = {}): Client =>
  clientSchema.parse({
    client_id: 'c1',
    run_id,
    status: 'training',
    last_heartbeat: noon(),
    dataset_size: 100,
    current_round: 1,
    round_outcome: 'pending',
    progress: 0.5,
    train_loss: null,
    is_online: true,
    labels: {},
    system: null,
    ...given,
  });

export const makeModel = (given: Given<Model> = {}): Model =>
  modelSchema.parse({
    version: 'v13',
    run_id,
    round_id: 101,
    round: 13,
    parent: 'v12',
    format: 'safetensors',
    size_bytes: 44_700_000,
    parameter_count: 11_173_962,
    sha256: 'abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789',
    metrics: { global_accuracy: 0.861, global_loss: 0.412 },
    aliases: ['best', 'latest'],
    created_at: noon(),
    ...given,
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
