-- Secrets are stored only as hashes: read access to this database does not let anyone sign in.

create table users (
  id            uuid primary key,
  username      text not null,
  password_hash text not null,
  role          text not null check (role in ('viewer', 'admin')),
  disabled      boolean not null default false,
  created_at    timestamptz(3) not null default now()
);
create unique index users_username on users (lower(username));

-- One row per sign-in: the family of all refresh tokens that descend from it.
create table sessions (
  id            uuid primary key,
  user_id       uuid not null references users on delete cascade,
  secret_hash   text not null,
  previous_hash text,
  rotated_at    timestamptz(3),
  created_at    timestamptz(3) not null,
  last_used_at  timestamptz(3) not null,
  expires_at    timestamptz(3) not null,
  ended_at      timestamptz(3),
  user_agent    text,
  address       text not null
);
create index sessions_of_user on sessions (user_id);
create index sessions_expired on sessions (expires_at);

create table api_keys (
  id           uuid primary key,
  key_hash     text not null unique,
  name         text not null,
  created_at   timestamptz(3) not null,
  created_by   uuid references users on delete set null,
  last_used_at timestamptz(3),
  revoked_at   timestamptz(3)
);

create table ws_tickets (
  ticket_hash text primary key,
  session_id  uuid not null references sessions on delete cascade,
  user_id     uuid not null references users on delete cascade,
  username    text not null,
  role        text not null,
  expires_at  timestamptz(3) not null
);
create index ws_tickets_expired on ws_tickets (expires_at);

create table sign_in_links (
  token_hash text primary key,
  user_id    uuid not null references users on delete cascade,
  expires_at timestamptz(3) not null
);
