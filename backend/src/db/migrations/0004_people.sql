-- The audit log. Stores names, not references: an entry outlives its users.
create table audit (
  id          bigint generated always as identity primary key,
  at          timestamptz(3) not null,
  actor       text,
  action      text not null,
  target_type text not null,
  target      text,
  detail      jsonb not null,
  address     text,
  request_id  text
);
create index audit_at on audit (at);
create index audit_actor on audit (actor, id);
create index audit_action on audit (action, id);
create index audit_target on audit (target, id);

create function refuse_audit_change() returns trigger language plpgsql as $$
begin
  raise exception 'the audit log is append-only' using errcode = 'restrict_violation';
end
$$;
create trigger audit_is_append_only before update or delete or truncate on audit
  for each statement execute function refuse_audit_change();

-- Who signs in at a provider has no password here, and is known by issuer and subject, never by name.
alter table users
  alter column password_hash drop not null,
  add column provider        text check (provider in ('oidc')),
  add column issuer          text,
  add column subject         text,
  add column last_sign_in_at timestamptz(3),
  add constraint users_identity unique (issuer, subject),
  add constraint users_provider check ((provider is null) = (issuer is null) and (issuer is null) = (subject is null));

-- Keys made before there were scopes could do all that an FL server does.
alter table api_keys
  add column scopes     jsonb not null default '["ingest", "models"]',
  add column expires_at timestamptz(3);
