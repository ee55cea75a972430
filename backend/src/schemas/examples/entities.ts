/** One federation, as the API returns it: ten hospitals, in the third of fifty rounds. */
const run_id = 'mnist-fedavg-7f3a';
const started_at = '2026-01-31T12:00:00.000Z';
const at = '2026-01-31T12:04:30.000Z';
const sha256 = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08';

export const stop = {
  command_id: 'c_5wq2Zk1d',
  command: 'stop_round',
  state: 'delivered',
  reason: 'three sites are offline for maintenance',
  requested_by: 'admin',
  requested_at: at,
  delivered_at: '2026-01-31T12:04:30.640Z',
  ended_at: null,
  detail: null,
  expires_at: '2026-01-31T12:09:30.000Z',
};

export const run = {
  run_id,
  project_id: 'default',
  name: 'MNIST, ten hospitals',
  framework: 'flower',
  status: 'running',
  reason: null,
  config: { strategy: 'FedAvg', lr: 0.1 },
  num_rounds: 50,
  tags: ['baseline'],
  notes: '',
  commands_supported: ['stop_round', 'stop_run'],
  current_round: 3,
  num_clients: 10,
  started_at,
  completed_at: null,
  stop: null,
  last_reported_at: at,
  clock_offset_ms: 0,
  condition: { state: 'healthy', since: started_at, detail: null },
  num_values_replaced: 0,
  imported_at: null,
};

export const round = {
  round_id: 42,
  run_id,
  round: 3,
  status: 'collecting',
  num_clients_expected: 10,
  num_clients_completed: 6,
  num_clients_failed: 1,
  num_clients_no_reply: 0,
  num_clients_unreported: 0,
  attempt: 1,
  progress_percent: 70,
  started_at: '2026-01-31T12:03:00.000Z',
  completed_at: null,
  deadline: '2026-01-31T12:08:00.000Z',
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
};

export const stoppingRound = { ...round, stop_requested_at: at, stop_reason: stop.reason, stop };

export const command = { ...stop, run_id, round: 3, delivered_by: 'reporter-1', ended_by: null };

export const client = {
  client_id: 'hospital-04',
  run_id,
  status: 'training',
  last_heartbeat: at,
  dataset_size: 5_921,
  current_round: 3,
  round_outcome: 'pending',
  progress: 0.4,
  train_loss: 0.217,
  is_online: true,
  labels: { region: 'north' },
  system: { cpu_percent: 81.5, memory_bytes: 2_147_483_648 },
};

export const clientUpdate = {
  round_id: 41,
  round: 2,
  run_id,
  client_id: 'hospital-04',
  attempt: 1,
  outcome: 'complete',
  sample_count: 5_921,
  train_loss: 0.217,
  metrics: { accuracy: 0.934 },
  duration_ms: 48_200,
  bytes_up: 1_048_576,
  bytes_down: 1_048_576,
  update_norm: 1.83,
  cosine_to_mean: 0.91,
  cosine_to_previous: 0.87,
  error: null,
  submitted_at: '2026-01-31T12:02:48.200Z',
};

export const model = {
  version: 'mnist-fedavg-7f3a-r2',
  run_id,
  round_id: 41,
  round: 2,
  parent: 'mnist-fedavg-7f3a-r1',
  format: 'safetensors',
  size_bytes: 1_048_576,
  sha256,
  parameter_count: 262_122,
  metrics: { loss: 0.231, accuracy: 0.928 },
  aliases: ['best', 'latest'],
  created_at: '2026-01-31T12:02:55.000Z',
};

export const modelDetail = {
  ...model,
  tensors: [{ name: 'dense.weight', dtype: 'F32', shape: [512, 511] }],
  tensor_count: 1,
  created_by: 'flower-server',
  round_metrics: { auc: 0.99 },
};

export const alias = {
  alias: 'production',
  version: model.version,
  previous_version: 'mnist-fedavg-7f3a-r1',
  set_at: at,
  set_by: 'admin',
  is_automatic: false,
};

const id = '0b54a6de-4a4c-4c1e-9f6e-1d6a6a0d3f10';

export const user = {
  id,
  username: 'ada',
  role: 'viewer',
  disabled: false,
  created_at: started_at,
  last_sign_in_at: at,
  has_password: true,
  provider: null,
};

export const signIn = {
  access_token: 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.…',
  token_type: 'bearer',
  expires_in: 900,
  user: { username: 'ada', role: 'viewer' },
};

export const session = {
  id,
  created_at: started_at,
  last_used_at: at,
  expires_at: '2026-02-14T12:00:00.000Z',
  user_agent: 'Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0',
  address: '192.0.2.10',
  is_current: true,
};

export const key = {
  id,
  name: 'flower-server',
  scopes: ['ingest', 'models'],
  project_id: 'default',
  created_at: started_at,
  created_by: 'admin',
  last_used_at: at,
  expires_at: null,
  is_expired: false,
};

export const project = { id: 'cardiology', name: 'Cardiology', created_at: started_at, role: 'admin' };

export const member = { user_id: id, username: 'ada', role: 'viewer', added_at: started_at };

export const auditEntry = {
  id: 17,
  at,
  actor: 'admin',
  action: 'round.stop',
  target_type: 'round',
  target: '42',
  detail: { run_id, reason: stop.reason },
  address: '192.0.2.10',
  request_id: 'req-1f',
  project_id: 'default',
};

export const facts = [
  { type: 'run_started', run_id, at: started_at, name: run.name, framework: 'flower', num_rounds: 50 },
  { type: 'round_started', run_id, at: started_at, round: 1, client_ids: ['hospital-01', 'hospital-04'] },
  { type: 'client_result', run_id, at, round: 1, client_id: 'hospital-04', sample_count: 5_921, train_loss: 0.217 },
];
