-- A long series is also stored in blocks, so that any part of it can be drawn from a few thousand rows.

alter table metric_series
  add column num_points bigint not null default 0,
  -- Steps in its smallest blocks; null while the series is short and has none.
  add column block_width bigint;
update metric_series as series set num_points = counted.total
from (select run_id, client_id, name, count(*) as total from metric_points group by run_id, client_id, name) as counted
where (series.run_id, series.client_id, series.name) = (counted.run_id, counted.client_id, counted.name);

create table metric_blocks (
  run_id        text not null,
  client_id     text not null, -- '' is the server's own
  name          text not null,
  width         bigint not null,
  block         bigint not null, -- the steps from block * width on
  num_points    bigint not null,
  least         double precision,
  least_step    bigint,
  least_at      timestamptz(3),
  greatest      double precision,
  greatest_step bigint,
  greatest_at   timestamptz(3),
  -- NaN is neither least nor greatest.
  nan_step      bigint,
  nan_at        timestamptz(3),
  primary key (run_id, client_id, name, width, block)
);
