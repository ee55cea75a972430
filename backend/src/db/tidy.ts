import { sql } from 'drizzle-orm';
import type { Db } from './db.ts';

type Due = {
  readonly name: string;
  readonly needs_vacuum: boolean;
  readonly needs_analyze: boolean;
};

/**
 * What autovacuum and the checkpointer do elsewhere, one statement at a time: the embedded database has one connection, and
 * reports that arrive meanwhile are stored after the statement that is at work, not after the last one. As autovacuum does,
 * it leaves alone what has hardly changed.
 */
export async function tidy(db: Db): Promise<void> {
  const due = await db.execute<Due>(sql`
    select relid::regclass::text as name,
      n_dead_tup > 50 + 0.2 * greatest(reltuples, 0)
        or n_ins_since_vacuum > 1000 + 0.2 * greatest(reltuples, 0) as needs_vacuum,
      n_mod_since_analyze > 50 + 0.1 * greatest(reltuples, 0) as needs_analyze
    from pg_stat_all_tables join pg_class on oid = relid
    where relkind in ('r', 'm') and relpersistence <> 't' order by relid`);
  for (const { name, needs_vacuum, needs_analyze } of due) {
    // A table that was dropped meanwhile (a month of points) has no need of it.
    if (!(needs_vacuum || needs_analyze) || !(await exists(db, name))) continue;
    // Without truncate: giving pages back locks the table for a scan from its end.
    if (needs_vacuum) await db.execute(sql.raw(`vacuum (truncate off) ${name}`));
    if (needs_analyze) await db.execute(sql.raw(`analyze ${name}`));
  }
  const changed = due.filter(({ needs_analyze }) => needs_analyze).map(({ name }) => name);
  for (const name of await wholesOf(db, changed)) await db.execute(sql.raw(`analyze ${name}`));
  await db.execute(sql`checkpoint`);
}

// Their pages are visited once, in about 35 ms; in one statement a minute's rows of a busy server would take over a second.
const insertedAtOnce = 30_000;

/** Vacuums the tables to which many rows were added: only their new pages, so that often costs no more than seldom. */
export async function tidyInserted(db: Db): Promise<void> {
  const due = await db.execute<{ name: string }>(sql`
    select relid::regclass::text as name from pg_stat_all_tables where n_ins_since_vacuum > ${insertedAtOnce}`);
  for (const { name } of due) if (await exists(db, name)) await db.execute(sql.raw(`vacuum (truncate off) ${name}`));
}

// About 1,000 changed pages. A checkpoint writes all of them and forces about 14 files, while reports wait.
const logAtOnceBytes = 8 * 1024 ** 2;

/** Takes a checkpoint when much was written since the last one: often is a short wait for reports, seldom a long one. [B12] */
export async function checkpointIfDue(db: Db): Promise<void> {
  const [row] = await db.execute<{ is_due: boolean }>(sql`
    select pg_wal_lsn_diff(pg_current_wal_lsn(), redo_lsn) > ${logAtOnceBytes}::bigint as is_due from pg_control_checkpoint()`);
  if (row?.is_due) await db.execute(sql`checkpoint`);
}

async function exists(db: Db, name: string): Promise<boolean> {
  const found = await db.execute(sql`select 1 from pg_class where oid = to_regclass(${name})`);
  return found.length > 0;
}

/** The tables of which these are partitions. */
async function wholesOf(db: Db, names: readonly string[]): Promise<string[]> {
  const rows = await db.execute<{ whole: string; part: string }>(sql`
    select inhparent::regclass::text as whole, inhrelid::regclass::text as part
    from pg_inherits join pg_class on oid = inhparent where relkind = 'p'`);
  return [...new Set(rows.filter(({ part }) => names.includes(part)).map(({ whole }) => whole))];
}
