-- Every row that a viewer can see carries the run's seq at its last change: what is new since N is "updated_seq > N".

create table runs (
  run_id             text primary key,
  name               text not null,
  framework          text,
  status             text not null,
  reason             text,
  config             jsonb not null,
  num_rounds         bigint,
  tags               jsonb not null,
  notes              text not null default '',
  commands_supported jsonb not null,
  current_round      integer,
  num_clients        bigint not null,
  started_at         timestamptz(3) not null,
  completed_at       timestamptz(3),
  -- When the fact that set `status` happened; an older fact cannot undo a newer one.
  status_at          timestamptz(3) not null,
  -- When its run_started happened; null while the run is known only by other facts.
  declared_at        timestamptz(3),
  epoch              text not null,
  seq                bigint not null,
  updated_seq        bigint not null,
  created_at         timestamptz(3) not null default now()
);
create index runs_newest on runs (created_at desc, run_id desc);

create table rounds (
  round_id              bigint generated always as identity primary key,
  run_id                text not null references runs on delete cascade,
  round                 integer not null,
  status                text not null,
  status_at             timestamptz(3) not null,
  num_clients_expected  bigint not null,
  num_clients_completed bigint not null,
  num_clients_failed    bigint not null,
  num_clients_no_reply  bigint not null,
  -- Those of the expected that are known by name; the rest have no row in client_updates.
  num_named             bigint not null,
  num_named_no_reply    bigint not null,
  progress_percent      double precision not null,
  started_at            timestamptz(3) not null,
  completed_at          timestamptz(3),
  deadline              timestamptz(3),
  global_loss           double precision,
  global_accuracy       double precision,
  metrics               jsonb not null,
  model_version         text,
  reason                text,
  stop_requested_at     timestamptz(3),
  stop_reason           text,
  created_seq           bigint not null,
  updated_seq           bigint not null,
  unique (run_id, round),
  constraint selected_is_the_sum_of_its_parts check (
    num_clients_completed + num_clients_failed + num_clients_no_reply <= num_clients_expected
  )
);
create index rounds_changed on rounds (run_id, updated_seq);
create index rounds_by_status on rounds (status, round_id);

-- The tables that grow with every report have no foreign key: only the writer fills them, under their run's lock, and
-- checking each row again would cost a third of the ingest. deleteRun empties them.

create table clients (
  run_id         text not null,
  client_id      text not null,
  status         text not null,
  status_at      timestamptz(3) not null,
  joined_at      timestamptz(3),
  seen_at        timestamptz(3) not null,
  last_heartbeat timestamptz(3) not null,
  dataset_size   bigint,
  current_round  integer,
  round_outcome  text,
  progress       double precision,
  train_loss     double precision,
  is_online      boolean not null,
  labels         jsonb not null,
  system         jsonb,
  created_seq    bigint not null,
  updated_seq    bigint not null,
  primary key (run_id, client_id)
);
create index clients_changed on clients (run_id, updated_seq);
create index clients_by_id on clients (client_id);

-- Its key alone serves: a client's history walks the rounds of its runs, so that a result costs one index entry.
create table client_updates (
  run_id         text not null,
  round          integer not null,
  client_id      text not null,
  outcome        text not null,
  sample_count   bigint,
  train_loss     double precision,
  metrics        jsonb not null,
  duration_ms    double precision,
  bytes_up       bigint,
  bytes_down     bigint,
  update_norm    double precision,
  cosine_to_mean double precision,
  error          text,
  submitted_at   timestamptz(3),
  primary key (run_id, round, client_id)
);

create table metric_points (
  run_id      text not null,
  name        text not null,
  client_id   text not null, -- '' is the server's own
  step        bigint not null,
  round       integer,
  value       double precision not null,
  at          timestamptz(3) not null,
  updated_seq bigint not null,
  primary key (run_id, client_id, name, step)
);
create index metric_points_changed on metric_points (run_id, updated_seq);

-- One row a series: its latest point, so that "the latest of every metric" never reads the points.
create table metric_series (
  run_id    text not null,
  client_id text not null,
  name      text not null,
  step      bigint not null,
  round     integer,
  value     double precision not null,
  at        timestamptz(3) not null,
  primary key (run_id, client_id, name)
);

create table logs (
  log_id      bigint generated always as identity primary key,
  run_id      text not null references runs on delete cascade,
  client_id   text not null, -- '' is the server's own
  level       text not null,
  message     text not null,
  at          timestamptz(3) not null,
  -- A log line has no natural key but itself.
  digest      text not null,
  updated_seq bigint not null,
  unique (run_id, at, digest)
);
create index logs_changed on logs (run_id, updated_seq);

create table models (
  run_id      text not null references runs on delete cascade,
  version     text primary key,
  round       integer,
  format      text not null,
  size_bytes  bigint not null,
  sha256      text not null,
  metrics     jsonb not null,
  aliases     jsonb not null,
  created_at  timestamptz(3) not null default now(),
  updated_seq bigint not null
);
create index models_changed on models (run_id, updated_seq);

create table commands (
  command_id   text primary key,
  run_id       text not null references runs on delete cascade,
  command      text not null,
  round        integer,
  reason       text not null,
  state        text not null,
  detail       text,
  requested_by text not null,
  requested_at timestamptz(3) not null,
  delivered_at timestamptz(3),
  ended_at     timestamptz(3)
);
create unique index one_open_command on commands (run_id, command, coalesce(round, -1)) where state in ('requested', 'delivered');

-- Which batches a reporter has delivered: contiguous numbers are one range, so this stays one short row.
create table reporters (
  key_id      text not null,
  reporter_id text not null,
  batches     int8multirange not null,
  run_ids     jsonb not null default '[]',
  seen_at     timestamptz(3) not null,
  primary key (key_id, reporter_id)
);
