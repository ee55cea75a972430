-- Runs that were deleted while rows of theirs are still stored. Their ids are free when the last row is deleted.

create table run_deletions (
  run_id     text primary key,
  deleted_at timestamptz(3) not null default now()
);

-- A cascade deletes all rows of a run in one statement, however many there are.
alter table rounds drop constraint rounds_run_id_fkey;
alter table logs drop constraint logs_run_id_fkey;
alter table insight_rounds drop constraint insight_rounds_run_id_fkey;
alter table insight_clients drop constraint insight_clients_run_id_fkey;
