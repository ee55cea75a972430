-- What of a run an admin has named otherwise than its FL server.
alter table runs add column edited jsonb not null default '[]';
