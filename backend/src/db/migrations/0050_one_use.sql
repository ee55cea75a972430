-- Secrets that open one thing, once: sign-in links, socket tickets, download links. Stored as hashes only.
create table one_use_secrets (
  secret_hash text primary key,
  purpose     text not null,
  user_id     uuid not null references users on delete cascade,
  -- What it opens, besides being this user's.
  content     jsonb not null,
  expires_at  timestamptz(3) not null
);
create index one_use_secrets_expired on one_use_secrets (expires_at);
create index one_use_secrets_of_user on one_use_secrets (user_id);

insert into one_use_secrets
  select token_hash, 'sign_in_link', user_id, '{}', expires_at from sign_in_links;
insert into one_use_secrets
  select ticket_hash, 'ws_ticket', user_id, jsonb_build_object('session_id', session_id), expires_at from ws_tickets;
insert into one_use_secrets
  select link_hash, 'download_link', user_id,
    jsonb_build_object('session_id', session_id, 'run_id', run_id, 'version', version), link.expires_at
  from download_links link join sessions on sessions.id = session_id;

drop table sign_in_links;
drop table ws_tickets;
drop table download_links;
