-- The content of checkpoints, stored once per digest, however many versions share it. The row is written before the
-- content and deleted after it, so that the store holds nothing that the database does not know.
create table model_contents (
  sha256          text primary key,
  size_bytes      bigint not null,
  parameter_count bigint,
  tensor_count    bigint not null default 0,
  tensors         jsonb not null default '[]',
  -- Since when a removal from the store is running; until it ends, no save may claim the content.
  removing_since  timestamptz(3)
);

-- Claims of saves that are about to refer to a content. An expired claim belongs to a process that died.
create table content_claims (
  claim_id   uuid primary key,
  sha256     text not null references model_contents on delete cascade,
  expires_at timestamptz(3) not null
);
create index content_claims_on on content_claims (sha256);

insert into model_contents (sha256, size_bytes) select sha256, max(size_bytes) from models group by sha256;

-- The figures of a model are those of its round, and its aliases are rows of their own.
alter table models
  drop column size_bytes,
  drop column metrics,
  drop column aliases,
  add column parent text,
  add column created_by text,
  add foreign key (sha256) references model_contents;
create index models_of_content on models (sha256);
create index models_of_round on models (run_id, round);
create index models_newest on models (created_at desc, version desc);
create index models_of_run_newest on models (run_id, created_at desc, version desc);

create table model_aliases (
  run_id       text not null references runs on delete cascade,
  alias        text not null,
  version      text not null references models on delete cascade,
  set_at       timestamptz(3) not null,
  set_by       text,
  is_automatic boolean not null,
  primary key (run_id, alias)
);
create index model_aliases_of_version on model_aliases (version);

-- The earlier versions of an alias, the last on top: a rollback pops one.
create table model_alias_history (
  entry   bigint generated always as identity primary key,
  run_id  text not null references runs on delete cascade,
  alias   text not null,
  version text not null references models on delete cascade
);
create index model_alias_history_of on model_alias_history (run_id, alias, entry);
create index model_alias_history_of_version on model_alias_history (version);

-- What a viewer that comes back must take away.
create table deleted_models (
  run_id      text not null references runs on delete cascade,
  version     text not null,
  updated_seq bigint not null,
  primary key (run_id, version)
);
create index deleted_models_changed on deleted_models (run_id, updated_seq);

create table download_links (
  link_hash  text primary key,
  version    text not null references models on delete cascade,
  session_id uuid not null references sessions on delete cascade,
  expires_at timestamptz(3) not null
);
create index download_links_expired on download_links (expires_at);
