-- A message when an alert is over, unless its rule says otherwise.
alter table alert_rules add column notify_over boolean not null default true;
alter table alert_rules alter column notify_over drop default;
-- True where the message says that the alert is over.
alter table alert_delivery_alerts add column is_over boolean not null default false;
alter table alert_delivery_alerts alter column is_over drop default;
