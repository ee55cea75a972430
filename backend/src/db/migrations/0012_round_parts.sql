-- The latest moment of the reports of the attempt's parts: what is repeated after another attempt has begun is known by it.

alter table rounds add column parts_until timestamptz(3);
