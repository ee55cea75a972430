-- What real runs do: clocks that are off, rounds that are started again, clients without names, reporters that fall silent.

alter table runs
  -- An end is an end, whatever the moments say.
  drop column worked_at,
  add column last_reported_at    timestamptz(3),
  -- How far the FL server's clock is ahead of the server's.
  add column clock_offset_ms     bigint,
  add column condition           jsonb,
  add column num_values_replaced bigint not null default 0,
  -- Clients that the FL server waits for: {"needed", "here", "since"}.
  add column waiting             jsonb,
  add column presence_at         timestamptz(3),
  -- How long its newest rounds took, and the one that is open.
  add column pace                jsonb not null default '{"durations": [], "open": null}',
  -- Complete rounds with selected clients, and those of them in which no client returned a result.
  add column num_rounds_over     bigint not null default 0,
  add column num_rounds_empty    bigint not null default 0,
  -- The reporter that ended it; '' is an admin, null is not known.
  add column ended_by            text,
  -- The ends that were reported, so that one that is repeated is known.
  add column ends                jsonb not null default '[]';

alter table rounds
  -- The newest round_started; null while the round is known only by other facts.
  add column announced_at           timestamptz(3),
  -- Parts up to this moment are of an earlier attempt.
  add column parts_after            timestamptz(3),
  add column attempt                integer not null default 1,
  add column num_clients_unreported bigint not null default 0,
  add column num_named_completed    bigint not null default 0,
  add column num_named_failed       bigint not null default 0,
  -- Of the clients without a name, as the round's end counts them.
  add column counted_completed      bigint not null default 0,
  add column counted_failed         bigint not null default 0,
  add column counted_no_reply       bigint not null default 0,
  add column update_norm            double precision,
  add column cosine_to_previous     double precision,
  add column ends                   jsonb not null default '[]',
  add column earlier                jsonb not null default '[]';

-- Clients without a name of a round that is over were counted as no_reply; their FL server never said so.
update rounds set
  announced_at = started_at,
  num_named_completed = num_clients_completed,
  num_named_failed = num_clients_failed,
  num_clients_unreported = num_clients_no_reply - num_named_no_reply,
  num_clients_no_reply = num_named_no_reply;
alter table rounds drop constraint selected_is_the_sum_of_its_parts;
alter table rounds add constraint selected_is_the_sum_of_its_parts check (
  num_clients_completed + num_clients_failed + num_clients_no_reply + num_clients_unreported <= num_clients_expected
);
-- A repeated end of a round or a run that was over before is known.
update rounds set ends = jsonb_build_array(jsonb_build_array(
  status, to_char(status_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
)) where completed_at is not null;
update runs set ends = jsonb_build_array(jsonb_build_array(
  status, to_char(status_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
)) where completed_at is not null;
update runs set num_rounds_over = counted.over, num_rounds_empty = counted.empty
from (
  select run_id, count(*) as over,
    count(*) filter (where num_clients_completed = 0 and num_clients_unreported = 0) as empty
  from rounds where status = 'complete' and num_clients_expected > 0 group by run_id
) as counted
where runs.run_id = counted.run_id;

alter table client_updates
  add column attempt            integer not null default 1,
  add column cosine_to_previous double precision;

-- What a client's dataset_size falls back to.
alter table clients add column last_sample_count bigint;

-- What each reporter of a run has said of itself.
create table run_reporters (
  run_id             text not null references runs on delete cascade,
  reporter_id        text not null,
  commands_supported jsonb not null default '[]',
  declared_at        timestamptz(3),
  -- Its clock less the server's; 0 is within 2 s.
  clock_offset_ms    bigint not null default 0,
  primary key (run_id, reporter_id)
);
insert into run_reporters (run_id, reporter_id, commands_supported)
select runs.run_id, reporter_id, commands_supported
from (select distinct reporter_id, jsonb_array_elements_text(run_ids) as run_id from reporters) as spoken
join runs using (run_id);
