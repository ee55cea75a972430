-- What each client cost in a block of 64 round numbers, so that a sum over a long run reads a few rows.
create table insight_totals (
  run_id     text not null,
  block      integer not null,
  -- Of the rounds that were summed: how many, and the sum of their updated_seq. Others mean that it is out of date.
  num_rounds integer not null,
  seqs       bigint not null,
  totals     bytea not null, -- float64: client_ms, bytes_up, bytes_down, examples, each by client_index
  primary key (run_id, block)
);
alter table insight_totals alter column totals set storage external;
