-- The state of a stop is published with its run or round, as of the commit that changed it.

alter table commands add column expires_at timestamptz(3);
update commands set expires_at = requested_at + interval '300 seconds';
alter table commands alter column expires_at set not null;
-- The reporter that said so; null is the dashboard's own conclusion.
alter table commands add column delivered_by text;
alter table commands add column ended_by text;

create index commands_newest on commands (requested_at desc, command_id desc);
create index commands_of_run on commands (run_id, requested_at desc);
create index commands_expiring on commands (expires_at) where state in ('requested', 'delivered');

-- The newest command for the run or the round, as viewers see it.
alter table runs add column stop jsonb;
alter table rounds add column stop jsonb;
-- The time of the newest reported work: an end before it is outdated.
alter table runs add column worked_at timestamptz(3);

create function iso_moment(moment timestamptz) returns text language sql immutable as
  $$ select to_char(moment at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') $$;

update rounds set stop = newest.stop
from (
  select distinct on (run_id, round) run_id, round, jsonb_build_object(
    'command_id', command_id, 'command', command, 'state', state, 'reason', reason,
    'requested_by', requested_by, 'requested_at', iso_moment(requested_at), 'delivered_at', iso_moment(delivered_at),
    'ended_at', iso_moment(ended_at), 'detail', detail, 'expires_at', iso_moment(expires_at)) as stop
  from commands
  where command = 'stop_round'
  order by run_id, round, requested_at desc
) newest
where rounds.run_id = newest.run_id and rounds.round = newest.round;

drop function iso_moment(timestamptz);
