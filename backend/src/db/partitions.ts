import { sql } from 'drizzle-orm';
import type { Db } from './db.ts';

/** A month of UTC as `2026-11`. */
export type Month = string & { readonly __month: never };

// Any number that nothing else in the database locks.
const lockId = 7_266_337;

/** The month whose partition holds the points of a run that was first seen at `moment`. */
export function monthOf(moment: string): Month {
  if (!/^\d{4}-\d{2}-/.test(moment)) throw new Error(`${moment} does not begin with a four-digit year and a month`);
  return moment.slice(0, 7) as Month;
}

export function monthsLater(month: Month, months: number): Month {
  const [year, number] = month.split('-').map(Number) as [number, number];
  return monthOf(new Date(Date.UTC(year, number - 1 + months)).toISOString());
}

export const partitionOf = (month: Month): string => `metric_points_${month.replace('-', '_')}`;

/** Creates the missing partitions without blocking other reads and writes. A second caller waits, then finds them. */
export async function createPartitions(tx: Db, months: readonly Month[]): Promise<void> {
  if (months.length === 0) return;
  await lockPartitions(tx);
  const existing = new Set(await listPartitions(tx));
  for (const month of months.filter((one) => !existing.has(one))) {
    const name = sql.identifier(partitionOf(month));
    const from = sql.raw(`'${month}-01'`);
    const to = sql.raw(`'${monthsLater(month, 1)}-01'`);
    // Attached, not created as a part: that would wait for every statement on the whole table.
    await tx.execute(sql`create table ${name} (like metric_points including all)`);
    await tx.execute(sql`alter table ${name} alter column run_month set default ${from}`);
    await tx.execute(sql`alter table metric_points attach partition ${name} for values from (${from}) to (${to})`);
  }
}

export async function listPartitions(db: Db): Promise<Month[]> {
  const rows = await db.execute<{ name: string }>(sql`
    select relname as name from pg_inherits join pg_class on pg_class.oid = inhrelid
    where inhparent = 'metric_points'::regclass order by relname`);
  return rows.map(({ name }) => name.slice(-7).replace('_', '-') as Month);
}

/**
 * Drops the months before `month` with everything derived from their points, in the caller's transaction. The runs
 * stay, and a reader sees either a whole series or none.
 */
export async function dropPartitions(tx: Db, before: Month): Promise<Month[]> {
  const old = (await listPartitions(tx)).filter((month) => month < before);
  if (old.length === 0) return [];
  await deleteSeries(tx, before);
  // Readers and this statement wait for each other, so give up before users notice. The next run of the timer retries.
  await tx.execute(sql`set local lock_timeout = '2s'`);
  // The whole first, like every statement on it; what a late report has added since is gone with the rest.
  await tx.execute(sql`lock table only metric_points in access exclusive mode`);
  await deleteSeries(tx, before);
  for (const month of old) await tx.execute(sql`drop table ${sql.identifier(partitionOf(month))}`);
  return old;
}

async function deleteSeries(tx: Db, before: Month): Promise<void> {
  const ofOldRuns = sql`run_id in (select run_id from runs where created_at < ${`${before}-01T00:00:00Z`}::timestamptz)`;
  await tx.execute(sql`delete from metric_series where ${ofOldRuns}`);
  await tx.execute(sql`delete from metric_blocks where ${ofOldRuns}`);
}

/** Held until the end of the transaction, so that only one creates or drops partitions at a time. */
const lockPartitions = (tx: Db): Promise<unknown> => tx.execute(sql`select pg_advisory_xact_lock(${lockId}::bigint)`);

/** Like `lockPartitions`, but returns false if another transaction holds the lock. */
export async function tryLockPartitions(tx: Db): Promise<boolean> {
  const [row] = await tx.execute<{ got: boolean }>(sql`select pg_try_advisory_xact_lock(${lockId}::bigint) as got`);
  return row?.got === true;
}

/** True for the error of a write into a month whose partition was dropped. */
export const isMissingPartition = (error: unknown): boolean => {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ((cause as { code?: unknown }).code === '42P01') return true;
  }
  return false;
};
