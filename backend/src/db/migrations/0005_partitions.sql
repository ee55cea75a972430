-- The points of a run lie in the partition of the month in which the run was first seen: a run never changes its month, so
-- a point's natural key is unique over all of them, and old months go by dropping a table. See decision 0012.

alter table metric_points rename to metric_points_whole;
alter index metric_points_pkey rename to metric_points_whole_pkey;
alter index metric_points_changed rename to metric_points_whole_changed;

create table metric_points (
  run_id      text not null,
  name        text not null,
  client_id   text not null, -- '' is the server's own
  step        bigint not null,
  round       integer,
  -- The first day of the month of the run's created_at, in UTC: each partition's own default.
  run_month   date not null,
  value       double precision not null,
  at          timestamptz(3) not null,
  updated_seq bigint not null,
  primary key (run_id, client_id, name, step, run_month)
) partition by range (run_month);
create index metric_points_changed on metric_points (run_id, updated_seq);

do $$
declare
  month date;
  this_month constant date := date_trunc('month', now() at time zone 'UTC');
begin
  for month in
    select date_trunc('month', created_at at time zone 'UTC')::date from runs
    union select this_month
    union select (this_month + interval '1 month')::date
  loop
    execute format(
      'create table metric_points_%s partition of metric_points (run_month default %L) for values from (%L) to (%L)',
      to_char(month, 'YYYY_MM'), month, month, (month + interval '1 month')::date
    );
  end loop;
end
$$;

insert into metric_points (run_id, name, client_id, step, round, run_month, value, at, updated_seq)
select run_id, point.name, client_id, step, round, date_trunc('month', runs.created_at at time zone 'UTC'), value, at, point.updated_seq
from metric_points_whole as point join runs using (run_id);

drop table metric_points_whole;
