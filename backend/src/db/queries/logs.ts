import { type ClientId, type LogEntry, type LogLevel, logLevelSchema, type RunId } from '@rondo/protocol';
import { and, desc, eq, gte, inArray, lt, sql } from 'drizzle-orm';
import type { Db } from '../db.ts';
import { logs } from '../schema.ts';
import { toLog } from '../wire.ts';
import { countRows, cutPage, type KeysetPage, type Listed } from './page.ts';

/** The moment and the digest of the line that ends a page. */
export type LogKey = readonly [at: string, digest: string];

interface Filter extends KeysetPage<LogKey> {
  readonly run_id: RunId;
  /** This level and those above it. */
  readonly level?: LogLevel | undefined;
  readonly client_id?: ClientId | undefined;
  /** Part of the message, in any case. */
  readonly q?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/** Newest first, by the line's own moment: along the index that makes a line unique. */
export async function listLogs(db: Db, filter: Filter): Promise<Listed<LogEntry, LogKey>> {
  const { run_id, level, client_id, q, from, to, limit, offset, after } = filter;
  const levels = logLevelSchema.options;
  const where = and(
    eq(logs.run_id, run_id),
    level && inArray(logs.level, levels.slice(levels.indexOf(level))),
    client_id && eq(logs.client_id, client_id),
    q ? sql`strpos(lower(${logs.message}), lower(${q}::text)) > 0` : undefined,
    from === undefined ? undefined : gte(logs.at, from),
    to === undefined ? undefined : lt(logs.at, to),
  );
  const rows = await db
    .select()
    .from(logs)
    .where(
      and(where, after ? sql`(${logs.at}, ${logs.digest}) < (${after[0]}::timestamptz, ${after[1]}::text)` : undefined),
    )
    .orderBy(desc(logs.at), desc(logs.digest))
    .limit(limit + 1)
    .offset(offset);
  const { items, next } = cutPage(rows, limit, ({ at, digest }): LogKey => [at, digest]);
  return { items: items.map(toLog), next, total: await countRows(db, logs, where) };
}

export interface LogsKeep {
  readonly perRun: number;
  /** Undefined is no limit. */
  readonly months?: number | undefined;
}

// Reports wait for one such statement.
const linesAtOnce = 1_000;

/** Deletes the lines beyond what is kept, a part at a time; says how many. */
export async function sweepLogs(db: Db, { perRun, months }: LogsKeep, now: Date): Promise<number> {
  let deleted = 0;
  const cut = await db.execute<{ run_id: string; at: string; digest: string }>(sql`
    select runs.run_id, oldest.at::text as at, oldest.digest from runs cross join lateral (
      select at, digest from logs where logs.run_id = runs.run_id
      order by at desc, digest desc offset ${perRun}::bigint limit 1
    ) as oldest`);
  for (const { run_id, at, digest } of cut)
    deleted += await deleteLines(db, sql`run_id = ${run_id} and (at, digest) <= (${at}::timestamptz, ${digest}::text)`);
  if (months === undefined) return deleted;
  const since = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - months, now.getUTCDate())).toISOString();
  const old = await db.execute<{ run_id: string }>(sql`
    select run_id from runs where exists (
      select from logs where logs.run_id = runs.run_id and at < ${since}::timestamptz)`);
  for (const { run_id } of old)
    deleted += await deleteLines(db, sql`run_id = ${run_id} and at < ${since}::timestamptz`);
  return deleted;
}

async function deleteLines(db: Db, where: ReturnType<typeof sql>): Promise<number> {
  for (let total = 0; ; ) {
    const rows = await db.execute(sql`
      delete from logs where log_id in (select log_id from logs where ${where} limit ${linesAtOnce}) returning log_id`);
    total += rows.length;
    if (rows.length < linesAtOnce) return total;
  }
}
