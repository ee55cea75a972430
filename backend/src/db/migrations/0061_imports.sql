-- Runs that are being imported: some of their rows are stored, and they are no runs yet.

create table run_imports (
  run_id text primary key
);
