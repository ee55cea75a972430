-- Runs and API keys belong to projects, and users are members of them. Everything from before projects is in `default`.

create table projects (
  project_id text primary key,
  name       text not null,
  created_at timestamptz(3) not null default now()
);
insert into projects (project_id, name) values ('default', 'Default');

create table project_members (
  project_id text not null references projects on delete cascade,
  user_id    uuid not null references users on delete cascade,
  role       text not null check (role in ('viewer', 'admin')),
  added_at   timestamptz(3) not null default now(),
  primary key (project_id, user_id)
);
create index project_members_of_user on project_members (user_id);
insert into project_members (project_id, user_id, role) select 'default', id, role from users;

-- A project that has runs cannot be deleted; its API keys go with it.
alter table runs add column project_id text not null default 'default' references projects;
alter table runs alter column project_id drop default;
create index runs_of_project on runs (project_id, created_at desc, run_id desc);

alter table api_keys add column project_id text not null default 'default' references projects on delete cascade;
alter table api_keys alter column project_id drop default;
create index api_keys_of_project on api_keys (project_id);

-- Names, not references: an entry outlives the project that it is about. Null is the whole server's.
alter table audit add column project_id text;
alter table audit disable trigger audit_is_append_only;
update audit set project_id = 'default' where target_type in ('run', 'round', 'model', 'alias', 'key');
alter table audit enable trigger audit_is_append_only;
create index audit_project on audit (project_id, id);
