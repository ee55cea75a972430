import type { Sql } from 'postgres';

interface Due {
  readonly name: string;
  readonly needs_vacuum: boolean;
  readonly needs_analyze: boolean;
}

/**
 * What autovacuum and the checkpointer do elsewhere, one statement at a time: the embedded database has one connection, and
 * reports that arrive meanwhile are stored after the statement that is at work, not after the last one. As autovacuum does,
 * it leaves alone what has hardly changed.
 */
export async function tidy(client: Sql): Promise<void> {
  const due = await client<Due[]>`
    select relid::regclass::text as name,
      n_dead_tup > 50 + 0.2 * greatest(reltuples, 0)
        or n_ins_since_vacuum > 1000 + 0.2 * greatest(reltuples, 0) as needs_vacuum,
      n_mod_since_analyze > 50 + 0.1 * greatest(reltuples, 0) as needs_analyze
    from pg_stat_all_tables join pg_class on oid = relid
    where relkind in ('r', 'm') and relpersistence <> 't' order by relid`;
  for (const { name, needs_vacuum, needs_analyze } of due) {
    // A table that was dropped meanwhile (a month of points) has no need of it.
    if (!(needs_vacuum || needs_analyze) || !(await exists(client, name))) continue;
    // Without truncate: giving pages back locks the table for a scan from its end.
    if (needs_vacuum) await client.unsafe(`vacuum (truncate off) ${name}`);
    if (needs_analyze) await client.unsafe(`analyze ${name}`);
  }
  const changed = due.filter(({ needs_analyze }) => needs_analyze).map(({ name }) => name);
  for (const name of await wholesOf(client, changed)) await client.unsafe(`analyze ${name}`);
  await client`checkpoint`;
}

async function exists(client: Sql, name: string): Promise<boolean> {
  const found = await client`select 1 from pg_class where oid = to_regclass(${name})`;
  return found.length > 0;
}

/** The tables of which these are partitions. */
async function wholesOf(client: Sql, names: readonly string[]): Promise<string[]> {
  const rows = await client<{ whole: string; part: string }[]>`
    select inhparent::regclass::text as whole, inhrelid::regclass::text as part
    from pg_inherits join pg_class on oid = inhparent where relkind = 'p'`;
  return [...new Set(rows.filter(({ part }) => names.includes(part)).map(({ whole }) => whole))];
}
