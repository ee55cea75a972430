import type { AttentionNews, AttentionRule, ClientId, RunId } from '@rondo/protocol';
import {
  and,
  asc,
  between,
  desc,
  eq,
  getTableColumns,
  gte,
  inArray,
  isNotNull,
  lte,
  type SQLWrapper,
  sql,
} from 'drizzle-orm';
import type { PgTable } from 'drizzle-orm/pg-core';
import type { Db } from '../db.ts';
import { clients, clientUpdates, metricPoints, metricSeries, rounds, runs } from '../schema.ts';
import {
  attentionKept,
  attentionLists,
  attentionMutes,
  insightClients,
  insightRounds,
  insightTotals,
} from '../tables/insight.ts';

export interface Range {
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

type RoundRow = typeof rounds.$inferSelect;
export type InsightRow = typeof insightRounds.$inferSelect;

/** The newest `limit` rounds of the range, oldest first, each with the seq of its derived row. */
export async function readRoundsOf(
  db: Db,
  runId: RunId,
  { from = 0, to = 2_147_483_647 }: Range,
  limit: number,
): Promise<(RoundRow & { derived_seq: number | null })[]> {
  const rows = await db
    .select({ ...getTableColumns(rounds), derived_seq: insightRounds.seq })
    .from(rounds)
    .leftJoin(insightRounds, and(eq(insightRounds.run_id, rounds.run_id), eq(insightRounds.round, rounds.round)))
    .where(and(eq(rounds.run_id, runId), gte(rounds.round, from), lte(rounds.round, to)))
    .orderBy(desc(rounds.round))
    .limit(limit);
  return rows.reverse();
}

/** Rounds that a commit changed since. */
export const changedRounds = (db: Db, runId: RunId, since: number): Promise<RoundRow[]> =>
  db
    .select()
    .from(rounds)
    .where(and(eq(rounds.run_id, runId), sql`${rounds.updated_seq} > ${since}`))
    .orderBy(asc(rounds.round));

export const readParts = (db: Db, runId: RunId, round: number): Promise<(typeof clientUpdates.$inferSelect)[]> =>
  db
    .select()
    .from(clientUpdates)
    .where(and(eq(clientUpdates.run_id, runId), eq(clientUpdates.round, round)))
    .orderBy(asc(clientUpdates.client_id));

/** Errors of clients in the newest rounds up to this one. */
export const readErrors = (db: Db, runId: RunId, round: number, limit: number) =>
  db
    .select({
      client_id: clientUpdates.client_id,
      error: clientUpdates.error,
      submitted_at: clientUpdates.submitted_at,
    })
    .from(clientUpdates)
    .where(
      and(
        eq(clientUpdates.run_id, runId),
        between(clientUpdates.round, round - errorRounds, round),
        isNotNull(clientUpdates.error),
      ),
    )
    .orderBy(desc(clientUpdates.round), asc(clientUpdates.client_id))
    .limit(limit);
const errorRounds = 3;

/** Selected columns of the rows derived from the rounds. */
export async function readDerived<C extends keyof InsightRow>(
  db: Db,
  runId: RunId,
  numbers: readonly number[],
  columns: readonly C[],
): Promise<Pick<InsightRow, C | 'round'>[]> {
  if (numbers.length === 0) return [];
  const all = getTableColumns(insightRounds);
  const wanted = Object.fromEntries(['round' as const, ...columns].map((name) => [name, all[name]]));
  const rows = await db
    .select(wanted as never)
    .from(insightRounds)
    .where(
      and(
        eq(insightRounds.run_id, runId),
        sql`${insightRounds.round} in (select value::int from json_array_elements_text(${JSON.stringify(numbers)}::text::json))`,
      ),
    )
    .orderBy(asc(insightRounds.round));
  return rows as Pick<InsightRow, C | 'round'>[];
}

/** Unless the run was deleted. */
export const saveDerived = (db: Db, row: InsightRow): Promise<void> =>
  upsertOfRun(db, insightRounds, row, ['run_id', 'round']);

/** For an import, whose run does not exist yet. */
export const insertDerived = (tx: Db, rows: readonly InsightRow[]): Promise<unknown> =>
  rows.length === 0 ? Promise.resolve() : tx.insert(insightRounds).values([...rows]);

export type TotalsRow = typeof insightTotals.$inferSelect;

export const readTotals = (db: Db, runId: RunId): Promise<TotalsRow[]> =>
  db.select().from(insightTotals).where(eq(insightTotals.run_id, runId));

/** Unless the run was deleted. */
export const saveTotals = (db: Db, row: TotalsRow): Promise<void> =>
  upsertOfRun(db, insightTotals, row, ['run_id', 'block']);

export const insertTotals = (tx: Db, row: TotalsRow): Promise<unknown> => tx.insert(insightTotals).values(row);

/** In one statement, and under the lock that a foreign key would take: a run that is deleted leaves nothing. */
async function upsertOfRun<R extends { readonly run_id: RunId }>(
  db: Db,
  table: PgTable,
  row: R,
  key: readonly string[],
): Promise<void> {
  const columns = Object.entries(getTableColumns(table));
  const list = (items: readonly SQLWrapper[]) => sql.join([...items], sql`, `);
  const values = columns.map(([name, column]) => {
    const value = sql.param((row as Readonly<Record<string, unknown>>)[name], column);
    return sql`${value}::${sql.raw(column.getSQLType())}`;
  });
  const changed = columns.filter(([name]) => !key.includes(name));
  await db.execute(sql`
    insert into ${table} (${list(columns.map(([name]) => sql.identifier(name)))})
    select ${list(values)} from runs where run_id = ${row.run_id} for key share
    on conflict (${list(key.map((name) => sql.identifier(name)))}) do update
    set ${list(changed.map(([name]) => sql`${sql.identifier(name)} = excluded.${sql.identifier(name)}`))}`);
}

/** The run's clients in the order of their numbers. */
export async function readClientNumbers(db: Db, runId: RunId): Promise<ClientId[]> {
  const rows = await db
    .select({ client_id: insightClients.client_id })
    .from(insightClients)
    .where(eq(insightClients.run_id, runId))
    .orderBy(asc(insightClients.client_index));
  return rows.map(({ client_id }) => client_id as ClientId);
}

/** Gives numbers to those that have none, one server at a time. */
export async function numberClients(db: Db, runId: RunId, ids: readonly ClientId[]): Promise<void> {
  if (ids.length === 0) return;
  await db.transaction(async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(hashtext(${`insight ${runId}`}))`);
    const [run] = await tx.select({ id: runs.run_id }).from(runs).where(eq(runs.run_id, runId)).for('key share');
    if (!run) return;
    await tx.execute(sql`
      insert into insight_clients (run_id, client_id, client_index)
      select ${runId}, value, (select count(*) from insight_clients where run_id = ${runId})
        + row_number() over (order by place) - 1
      from json_array_elements_text(${JSON.stringify(ids)}::text::json) with ordinality as new_(value, place)
      where not exists (select from insight_clients where run_id = ${runId} and client_id = value)`);
  });
}

/** For an import, whose run does not exist yet. */
export async function insertClientNumbers(tx: Db, runId: RunId, ids: readonly ClientId[], from: number): Promise<void> {
  if (ids.length === 0) return;
  await tx.execute(sql`
    insert into insight_clients (run_id, client_id, client_index)
    select ${runId}, value, ${from}::int + place - 1
    from json_array_elements_text(${JSON.stringify(ids)}::text::json) with ordinality as new_(value, place)`);
}

export async function readAttentionList(db: Db, runId: RunId) {
  const [row] = await db.select().from(attentionLists).where(eq(attentionLists.run_id, runId));
  return row;
}

export async function saveAttentionList(db: Db, list: AttentionNews, updated_seq: number): Promise<void> {
  await db
    .insert(attentionLists)
    .values({ run_id: list.run_id, list, updated_seq })
    .onConflictDoUpdate({ target: attentionLists.run_id, set: { list, updated_seq } });
}

export type KeptAttention = typeof attentionKept.$inferSelect;

export async function readKeptAttention(db: Db, runId: RunId): Promise<KeptAttention | undefined> {
  const [row] = await db.select().from(attentionKept).where(eq(attentionKept.run_id, runId));
  return row;
}

/** Unless the run was deleted, or another server has kept a newer one. */
export async function keepAttention(db: Db, row: KeptAttention): Promise<void> {
  const { run_id: _, ...kept } = row;
  await db.transaction(async (tx) => {
    const [run] = await tx.select({ epoch: runs.epoch }).from(runs).where(eq(runs.run_id, row.run_id)).for('key share');
    if (run?.epoch !== row.epoch) return;
    await tx
      .insert(attentionKept)
      .values(row)
      .onConflictDoUpdate({
        target: attentionKept.run_id,
        set: kept,
        setWhere: sql`${attentionKept.epoch} <> excluded.epoch or ${attentionKept.seq} <= excluded.seq`,
      });
  });
}

export type MuteRow = typeof attentionMutes.$inferSelect;

export const readMutes = (db: Db, runId: RunId): Promise<MuteRow[]> =>
  db
    .select()
    .from(attentionMutes)
    .where(eq(attentionMutes.run_id, runId))
    .orderBy(asc(attentionMutes.client_id), asc(attentionMutes.rule));

export async function saveMute(db: Db, row: MuteRow): Promise<void> {
  const { reason, muted_by, muted_at } = row;
  await db
    .insert(attentionMutes)
    .values(row)
    .onConflictDoUpdate({
      target: [attentionMutes.run_id, attentionMutes.client_id, attentionMutes.rule],
      set: { reason, muted_by, muted_at },
    });
}

/** False when there is none. */
export async function deleteMute(
  db: Db,
  { run_id, client_id, rule }: { run_id: RunId; client_id: string; rule: AttentionRule | '' },
): Promise<boolean> {
  const deleted = await db
    .delete(attentionMutes)
    .where(
      and(eq(attentionMutes.run_id, run_id), eq(attentionMutes.client_id, client_id), eq(attentionMutes.rule, rule)),
    )
    .returning({ rule: attentionMutes.rule });
  return deleted.length > 0;
}

/** The current status of a run's clients. */
export async function readClientsOf(db: Db, runId: RunId) {
  const { client_id, status, is_online, progress, dataset_size } = clients;
  const rows = await db
    .select({ client_id, status, is_online, progress, dataset_size })
    .from(clients)
    .where(eq(clients.run_id, runId));
  return new Map(rows.map((row) => [row.client_id, row]));
}

/** The labels of every client of a run. */
export async function readLabels(db: Db, runId: RunId): Promise<Map<ClientId, Record<string, string>>> {
  const rows = await db
    .select({ client_id: clients.client_id, labels: clients.labels })
    .from(clients)
    .where(eq(clients.run_id, runId));
  return new Map(rows.map(({ client_id, labels }) => [client_id, labels]));
}

/** The latest values of the server's own series of these names. */
export const latestOf = (db: Db, runId: RunId, names: readonly string[]) =>
  db
    .select()
    .from(metricSeries)
    .where(and(eq(metricSeries.run_id, runId), eq(metricSeries.client_id, ''), inArray(metricSeries.name, [...names])));

/** The newest points of one of the server's own series, oldest first. */
export async function newestPoints(db: Db, runId: RunId, name: string, limit: number) {
  const rows = await db
    .select()
    .from(metricPoints)
    .where(and(eq(metricPoints.run_id, runId), eq(metricPoints.client_id, ''), eq(metricPoints.name, name)))
    .orderBy(desc(metricPoints.step))
    .limit(limit);
  return rows.reverse();
}
