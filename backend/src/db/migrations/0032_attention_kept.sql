-- The attention list of a run as it was last computed, so that a server that starts need not read the run's rounds again.
create table attention_kept (
  run_id      text primary key references runs on delete cascade,
  epoch       text not null,
  -- The run's seq up to which it was computed.
  seq         bigint not null,
  from_round  integer,
  to_round    integer,
  num_clients integer not null,
  items       jsonb not null,
  total       integer not null,
  muted_items jsonb not null,
  -- The mutes that were applied.
  mutes       jsonb not null
);
