-- A version is a name within its run.

alter table model_aliases drop constraint model_aliases_version_fkey;
alter table model_alias_history drop constraint model_alias_history_version_fkey;
alter table download_links drop constraint download_links_version_fkey;
alter table models drop constraint models_pkey, add primary key (run_id, version);
create index models_of_version on models (version);

drop index model_aliases_of_version;
create index model_aliases_of_version on model_aliases (run_id, version);
alter table model_aliases add foreign key (run_id, version) references models on delete cascade;

drop index model_alias_history_of_version;
create index model_alias_history_of_version on model_alias_history (run_id, version);
alter table model_alias_history add foreign key (run_id, version) references models on delete cascade;

-- They are valid for a minute.
delete from download_links;
alter table download_links
  add column run_id text not null,
  add foreign key (run_id, version) references models on delete cascade;
