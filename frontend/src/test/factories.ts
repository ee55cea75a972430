import type { BatchMessage, Client, LiveEvent, Model, Round, Run, SnapshotMessage, Stop } from '@rondo/protocol';
import { clientSchema, modelSchema, roundSchema, runSchema, stopSchema } from '@rondo/protocol';

const at = '2026-01-31T12:00:00.000Z';

export const makeRun = (given: Partial<Record<keyof Run, unknown>> = {}): Run =>
  runSchema.parse({
    run_id: 'run-1',
    project_id: 'default',
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
    started_at: at,
    completed_at: null,
    stop: null,
    last_reported_at: null,
    clock_offset_ms: null,
    condition: null,
    num_values_replaced: 0,
    ...given,
  });

export const makeRound = (given: Partial<Record<keyof Round, unknown>> = {}): Round =>
  roundSchema.parse({
    round_id: 101,
    run_id: 'run-1',
    round: 1,
    status: 'collecting',
    num_clients_expected: 4,
    num_clients_completed: 0,
    num_clients_failed: 0,
    num_clients_no_reply: 0,
    num_clients_unreported: 0,
    attempt: 1,
    progress_percent: 0,
    started_at: at,
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

export const makeStop = (given: Partial<Record<keyof Stop, unknown>> = {}): Stop =>
  stopSchema.parse({
    command_id: 'command-1',
    command: 'stop_round',
    state: 'requested',
    reason: 'wrong data',
    requested_by: 'grace',
    requested_at: at,
    delivered_at: null,
    ended_at: null,
    detail: null,
    expires_at: '2026-01-31T12:05:00.000Z',
    ...given,
  });

export const makeClient = (given: Partial<Record<keyof Client, unknown>> = {}): Client =>
  clientSchema.parse({
    client_id: 'c1',
    run_id: 'run-1',
    status: 'training',
    last_heartbeat: at,
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

export const makeModel = (given: Partial<Record<keyof Model, unknown>> = {}): Model =>
  modelSchema.parse({
    version: 'v13',
    run_id: 'run-1',
    round_id: 101,
    round: 13,
    parent: 'v12',
    format: 'safetensors',
    size_bytes: 44_700_000,
    parameter_count: 11_173_962,
    sha256: 'abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789',
    metrics: { global_accuracy: 0.861, global_loss: 0.412 },
    aliases: ['best', 'latest'],
    created_at: at,
    ...given,
  });

interface SnapshotParts {
  readonly run?: Run;
  readonly rounds?: Round[];
  readonly clients?: Client[];
  readonly metrics_history?: SnapshotMessage['data']['metrics_history'];
  readonly models?: SnapshotMessage['data']['models'];
}

export function makeSnapshot(seq = 0, parts: SnapshotParts = {}, epoch = 'e1'): SnapshotMessage {
  const run = parts.run ?? makeRun();
  return {
    type: 'snapshot',
    run_id: run.run_id,
    epoch,
    seq,
    data: { rounds: [], clients: [], metrics_history: [], models: [], metrics: [], logs: [], ...parts, run },
  };
}

export const makeBatch = (from_seq: number, seq: number, events: LiveEvent[] = [], run = makeRun()): BatchMessage => ({
  type: 'batch',
  run_id: run.run_id,
  from_seq,
  seq,
  events,
});

export const clientUpdate = (client: Client): LiveEvent => ({ type: 'client_update', data: client });
