-- A new run is inserted with seq 0 and updated in the same transaction: it becomes searchable by the update only.

drop trigger run_search_new on runs;
drop trigger run_search_changed on runs;
create trigger run_search_new after insert on runs for each row
  when (new.seq > 0)
  execute function note_run_search();
create trigger run_search_changed after update on runs for each row
  when (
    (old.seq = 0 and new.seq > 0)
    or (old.name, old.notes, old.tags, old.config) is distinct from (new.name, new.notes, new.tags, new.config)
  )
  execute function note_run_search();
