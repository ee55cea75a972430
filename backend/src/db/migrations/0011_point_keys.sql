-- Two rounds may have a point at one step of one series: the round is part of a point's key.

alter table metric_points
  -- A primary key has no null.
  add column round_key integer generated always as (coalesce(round, -1)) stored,
  drop constraint metric_points_pkey,
  add primary key (run_id, client_id, name, step, round_key, run_month);
