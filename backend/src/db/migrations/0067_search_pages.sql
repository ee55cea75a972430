-- A page of found runs reads only what runs are searched by: it has the columns of the usual orders and filters.

alter table run_search
  add column project_id   text,
  add column framework    text,
  add column status       text,
  add column name         text,
  add column started_at   timestamptz(3),
  add column completed_at timestamptz(3);
update run_search set (project_id, framework, status, name, started_at, completed_at) =
  (select project_id, framework, status, name, started_at, completed_at from runs where runs.run_id = run_search.run_id);

create or replace function note_run_search() returns trigger language plpgsql as $$
begin
  insert into run_search (run_id, words, tags, config, project_id, framework, status, name, started_at, completed_at)
  values (
    new.run_id, lower(concat_ws(E'\n', new.name, new.run_id, new.notes,
      (select string_agg(tag, E'\n') from jsonb_array_elements_text(new.tags) as tag))), new.tags, new.config,
    new.project_id, new.framework, new.status, new.name, new.started_at, new.completed_at
  )
  on conflict (run_id) do update set words = excluded.words, tags = excluded.tags, config = excluded.config,
    project_id = excluded.project_id, framework = excluded.framework, status = excluded.status, name = excluded.name,
    started_at = excluded.started_at, completed_at = excluded.completed_at;
  return null;
end $$;
-- Not every change of these changes the words; to update only them keeps the large index out of it.
create function note_run_place() returns trigger language plpgsql as $$
begin
  update run_search set project_id = new.project_id, framework = new.framework, status = new.status, name = new.name,
    started_at = new.started_at, completed_at = new.completed_at
  where run_id = new.run_id;
  return null;
end $$;
create trigger run_search_moved after update on runs for each row
  when (
    old.seq > 0
    and (old.project_id, old.framework, old.status, old.started_at, old.completed_at)
      is distinct from (new.project_id, new.framework, new.status, new.started_at, new.completed_at)
    and (old.name, old.notes, old.tags, old.config) is not distinct from (new.name, new.notes, new.tags, new.config)
  )
  execute function note_run_place();

-- To cut a text into its parts of three for each row takes ten seconds for 100,000 runs: only the index may.
alter function search_trigrams(text) cost 10000;
