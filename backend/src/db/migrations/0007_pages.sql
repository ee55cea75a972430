-- Lists that answer as fast at a million rows as at a thousand.

-- A client's parts are a chain, newest first: its row knows the last, and each part the one before. So a client's
-- history needs no index of its own, which every result would have to pay for.
alter table clients
  add column num_parts bigint not null default 0,
  add column last_part integer;
alter table client_updates add column previous_part integer;

update client_updates as part set previous_part = chain.previous_part
from (
  select run_id, round, client_id, lag(round) over (partition by run_id, client_id order by round) as previous_part
  from client_updates
) as chain
where (part.run_id, part.round, part.client_id) = (chain.run_id, chain.round, chain.client_id)
  and chain.previous_part is not null;

update clients set num_parts = parts.total, last_part = parts.last
from (
  select run_id, client_id, count(*) as total, max(round) as last from client_updates group by run_id, client_id
) as parts
where (clients.run_id, clients.client_id) = (parts.run_id, parts.client_id);

-- Every client id once, with one of its runs, so that those of all runs can be counted and walked in order.
create table registered_clients (
  client_id text primary key,
  run_id    text not null
);
create index registered_clients_of_run on registered_clients (run_id);
insert into registered_clients select client_id, min(run_id) from clients group by client_id;

-- How many rows a list has. The writer adds what it changes, so that no page counts.
create table list_totals (
  run_id text not null,
  list   text not null,
  status text not null,
  total  bigint not null,
  primary key (run_id, list, status)
);
create index list_totals_of_all_runs on list_totals (list, status);
insert into list_totals select run_id, 'rounds', status, count(*) from rounds group by run_id, status;
insert into list_totals select run_id, 'clients', status, count(*) from clients group by run_id, status;
insert into list_totals select run_id, 'registered', '', count(*) from registered_clients group by run_id;

create index rounds_of_run_by_status on rounds (run_id, status, round);
-- Indexes whose first rows are a page: the last run of a client, and the clients with a status.
drop index clients_by_id;
create index clients_last_seen on clients (client_id, last_heartbeat desc);
create index clients_of_run_by_status on clients (run_id, status, client_id);
