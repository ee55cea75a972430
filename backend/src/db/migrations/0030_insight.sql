-- What is derived from rounds for people. Every row can be computed again from client_updates.

-- The parts of a round that is over, as columns: little-endian words in the order of `client`.
create table insight_rounds (
  run_id             text not null references runs on delete cascade,
  round              integer not null,
  -- The round's updated_seq when this was computed; another one means that it is out of date.
  seq                bigint not null,
  client             bytea not null, -- uint32, client_index
  outcome            bytea not null, -- uint8
  flags              bytea not null, -- uint8
  train_loss         bytea not null, -- float32 from here on
  duration_ms        bytea not null,
  update_norm        bytea not null,
  cosine_to_mean     bytea not null,
  cosine_to_previous bytea not null,
  bytes_up           bytea not null,
  bytes_down         bytea not null,
  sample_count       bytea not null,
  dispersion         jsonb not null,
  sums               jsonb not null,
  primary key (run_id, round)
);
-- Numbers of clients hardly compress, and reading them is what counts.
alter table insight_rounds
  alter column client set storage external, alter column outcome set storage external,
  alter column train_loss set storage external, alter column duration_ms set storage external,
  alter column update_norm set storage external, alter column cosine_to_mean set storage external,
  alter column cosine_to_previous set storage external, alter column bytes_up set storage external,
  alter column bytes_down set storage external, alter column sample_count set storage external;

-- A number for each client of a run, in the order in which they first had a part.
create table insight_clients (
  run_id       text not null references runs on delete cascade,
  client_id    text not null,
  client_index integer not null,
  primary key (run_id, client_id),
  unique (run_id, client_index)
);

-- The attention list of a run as viewers have it.
create table attention_lists (
  run_id      text primary key references runs on delete cascade,
  list        jsonb not null,
  updated_seq bigint not null
);

create table attention_mutes (
  run_id    text not null references runs on delete cascade,
  client_id text not null, -- '' is every client
  rule      text not null, -- '' is every rule
  reason    text not null,
  muted_by  text not null,
  muted_at  timestamptz(3) not null,
  primary key (run_id, client_id, rule)
);
