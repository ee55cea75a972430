-- Runs that can be found: a summary of each, what they are searched and sorted by, and how many there are.

alter table runs
  add column rounds_seen   bigint not null default 0,
  add column rounds_failed bigint not null default 0,
  -- Sums over the client updates as they are.
  add column bytes_up      bigint not null default 0,
  add column bytes_down    bigint not null default 0,
  add column imported_at   timestamptz(3);
update runs set rounds_seen = counted.total, rounds_failed = counted.failed
from (
  select run_id, count(*) as total, count(*) filter (where status = 'failed') as failed from rounds group by run_id
) as counted
where runs.run_id = counted.run_id;
update runs set bytes_up = summed.up, bytes_down = summed.down
from (
  select run_id, coalesce(sum(bytes_up), 0) as up, coalesce(sum(bytes_down), 0) as down
  from client_updates group by run_id
) as summed
where runs.run_id = summed.run_id;

create table run_summaries (
  run_id text primary key references runs on delete cascade,
  state  jsonb not null
);
-- The same values, to sort by. One that is not a number is null.
create table run_metrics (
  run_id text not null references runs on delete cascade,
  name   text not null,
  last   double precision,
  best   double precision,
  primary key (run_id, name)
);
create index run_metrics_by_last on run_metrics (name, last, run_id) where last is not null;
create index run_metrics_by_best on run_metrics (name, best, run_id) where best is not null;
-- The server computes the summaries of these, a few at a time.
create table run_backlog (run_id text primary key references runs on delete cascade);
insert into run_backlog select run_id from runs where rounds_seen > 0;

drop index runs_newest;
create index runs_running on runs (started_at desc, run_id desc) where status = 'running';
create index runs_ended on runs ((coalesce(completed_at, started_at)) desc, run_id desc) where status <> 'running';
create index runs_by_start on runs (started_at, run_id);
create index runs_by_name on runs (lower(name), run_id);
create index runs_by_status on runs (status, run_id);
create index runs_by_duration on runs ((completed_at - started_at), run_id) where completed_at is not null;
create index runs_by_rounds on runs (rounds_seen, run_id);

-- What runs are searched by, apart from the row that every batch writes.
create function search_trigrams(value text) returns text[] immutable strict parallel safe language sql as $$
  select coalesce(array_agg(distinct substr(value, place, 3)), '{}') from generate_series(1, length(value) - 2) as place
$$;
create table run_search (
  run_id text primary key references runs on delete cascade,
  words  text not null,
  tags   jsonb not null,
  config jsonb not null
);
create function note_run_search() returns trigger language plpgsql as $$
begin
  insert into run_search values (
    new.run_id, lower(concat_ws(E'\n', new.name, new.run_id, new.notes,
      (select string_agg(tag, E'\n') from jsonb_array_elements_text(new.tags) as tag))), new.tags, new.config
  )
  on conflict (run_id) do update set words = excluded.words, tags = excluded.tags, config = excluded.config;
  return null;
end $$;
insert into run_search select run_id, lower(concat_ws(E'\n', name, run_id, notes,
  (select string_agg(tag, E'\n') from jsonb_array_elements_text(tags) as tag))), tags, config from runs;
create index run_search_words on run_search using gin (search_trigrams(words));
create index run_search_tags on run_search using gin (tags jsonb_path_ops);
create index run_search_config on run_search using gin (config jsonb_path_ops);
create trigger run_search_new after insert on runs for each row execute function note_run_search();
create trigger run_search_changed after update on runs for each row
  when ((old.name, old.notes, old.tags, old.config) is distinct from (new.name, new.notes, new.tags, new.config))
  execute function note_run_search();

-- How many runs there are. Changes are added as rows, so that no run waits for another; the server sums them up.
create table run_totals (
  project_id text not null,
  status     text not null,
  total      bigint not null
);
insert into run_totals select project_id, status, count(*) from runs group by project_id, status;
create function note_run_totals() returns trigger language plpgsql as $$
begin
  if tg_op <> 'INSERT' then insert into run_totals values (old.project_id, old.status, -1); end if;
  if tg_op <> 'DELETE' then insert into run_totals values (new.project_id, new.status, 1); end if;
  return null;
end $$;
create trigger run_totals_new_or_deleted after insert or delete on runs for each row execute function note_run_totals();
create trigger run_totals_changed after update on runs for each row
  when ((old.project_id, old.status) is distinct from (new.project_id, new.status))
  execute function note_run_totals();
