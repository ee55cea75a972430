-- Alerts: which events people want messages about, where messages go, what was sent, and what waits to be sent.

create table alert_channels (
  id          uuid primary key,
  project_id  text not null references projects on delete cascade,
  name        text not null,
  kind        text not null check (kind in ('webhook', 'email', 'browser')),
  enabled     boolean not null,
  quiet_hours jsonb,
  -- What may be shown: the origin and the format of a webhook, the addresses of e-mail.
  target      jsonb not null,
  -- The address and the signing secret of a webhook, encrypted with a key derived from SECRET_KEY.
  sealed      text,
  created_at  timestamptz(3) not null,
  created_by  text
);
create index alert_channels_of_project on alert_channels (project_id, created_at, id);

create table alert_rules (
  id          uuid primary key,
  project_id  text not null references projects on delete cascade,
  name        text not null,
  tag         text,
  condition   jsonb not null,
  throttle_s  integer not null,
  quiet_hours jsonb,
  enabled     boolean not null,
  -- When it was made or last enabled: runs that were over before that make no alert.
  active_from timestamptz(3) not null,
  created_at  timestamptz(3) not null,
  created_by  text
);
create index alert_rules_of_project on alert_rules (project_id, created_at, id);

create table alert_rule_channels (
  rule_id    uuid not null references alert_rules on delete cascade,
  channel_id uuid not null references alert_channels on delete cascade,
  primary key (rule_id, channel_id)
);
create index alert_rule_channels_of_channel on alert_rule_channels (channel_id);

create table alerts (
  id             uuid primary key,
  number         bigint not null generated always as identity unique,
  rule_id        uuid references alert_rules on delete set null,
  rule_name      text not null,
  project_id     text not null references projects on delete cascade,
  run_id         text not null references runs on delete cascade,
  -- What it is about, and which episode of it: of one episode a rule makes one alert.
  topic          text not null,
  episode        text not null,
  kind           text not null,
  severity       text not null,
  attention_rule text,
  client_id      text,
  round          integer,
  detail         text not null,
  evidence       jsonb not null,
  at             timestamptz(3) not null,
  over_at        timestamptz(3),
  state          text not null check (state in ('waiting', 'sent', 'failed', 'cancelled', 'recorded')),
  unique (rule_id, run_id, topic, episode)
);
-- While it holds there is no second one, whichever server looks.
create unique index alerts_that_hold on alerts (rule_id, run_id, topic) where over_at is null;
create index alerts_of_run on alerts (run_id, number);
create index alerts_of_project on alerts (project_id, number);

-- The outbox: one row is one message to one channel.
create table alert_deliveries (
  id             uuid primary key,
  project_id     text not null references projects on delete cascade,
  rule_id        uuid references alert_rules on delete set null,
  channel_id     uuid references alert_channels on delete set null,
  channel_name   text not null,
  channel_kind   text not null,
  state          text not null check (state in ('collecting', 'sending', 'retrying', 'sent', 'given_up', 'cancelled')),
  attempts       integer not null default 0,
  duplicates     integer not null default 0,
  due_at         timestamptz(3) not null,
  next_at        timestamptz(3),
  first_tried_at timestamptz(3),
  lease          uuid,
  lease_until    timestamptz(3),
  sent_at        timestamptz(3),
  last_error     text
);
create unique index alert_deliveries_that_collect on alert_deliveries (rule_id, channel_id) where state = 'collecting';
create index alert_deliveries_due on alert_deliveries (next_at) where state in ('collecting', 'sending', 'retrying');
create index alert_deliveries_of_rule on alert_deliveries (rule_id, channel_id, due_at);
create index alert_deliveries_of_channel on alert_deliveries (channel_id, due_at);

create table alert_delivery_alerts (
  delivery_id uuid not null references alert_deliveries on delete cascade,
  alert_id    uuid not null references alerts on delete cascade,
  primary key (delivery_id, alert_id)
);
create index alert_delivery_alerts_of_alert on alert_delivery_alerts (alert_id);

-- Up to which seq the rules have looked at a run.
create table alert_marks (
  run_id text primary key references runs on delete cascade,
  seq    bigint not null
);

-- When the server learned that a run was over, by the server's clock. Reporters' moments may be years old.
create table run_ends_heard (
  run_id   text primary key references runs on delete cascade,
  heard_at timestamptz(3) not null
);
create function note_run_end() returns trigger language plpgsql as $$
begin
  insert into run_ends_heard values (new.run_id, clock_timestamp())
  on conflict (run_id) do update set heard_at = excluded.heard_at;
  return null;
end $$;
create trigger run_end_heard after update on runs for each row
  when (old.status = 'running' and new.status <> 'running') execute function note_run_end();
