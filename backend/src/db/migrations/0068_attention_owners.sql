-- Which server keeps the attention list of a run, and until when unless it says so again. Servers on one database would
-- otherwise overwrite each other's lists.
create table attention_owners (
  run_id text primary key references runs on delete cascade,
  server text not null,
  until  timestamptz(3) not null
);
