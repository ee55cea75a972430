-- What each API key has cost on each day, by UTC. [B8]

create table key_usage (
  key_id       text not null,
  day          date not null,
  runs         bigint not null default 0,
  bytes        bigint not null default 0,
  upload_bytes bigint not null default 0,
  primary key (key_id, day)
);

-- The names of the series of a run: a run may have a bounded number of them. [B9]
create table run_metric_names (
  run_id text not null references runs on delete cascade,
  name   text not null,
  primary key (run_id, name)
);
insert into run_metric_names
select distinct run_id, metric_series.name from metric_series join runs using (run_id);
