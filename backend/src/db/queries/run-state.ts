import type { ClientId, RunId } from '@rondo/protocol';
import { and, asc, eq, gt, inArray, ne, or, sql } from 'drizzle-orm';
import { bulkInsertNew, bulkUpsert, type Change, insertOf, type Statement, updateOf } from '../bulk.ts';
import type { Db } from '../db.ts';
import { kept } from '../kept.ts';
import { type Month, partitionOf } from '../partitions.ts';
import { clients, clientUpdates, listTotals, logs, metricPoints, rounds, runReporters, runs } from '../schema.ts';

type RunRow = typeof runs.$inferSelect;
type RoundRow = typeof rounds.$inferSelect;
type ClientRow = typeof clients.$inferSelect;
type UpdateRow = typeof clientUpdates.$inferSelect;
type PointRow = typeof metricPoints.$inferSelect;
type ReporterRow = typeof runReporters.$inferSelect;
type LogRow = typeof logs.$inferSelect;

const selectRuns = (db: Db, ids: readonly RunId[]) =>
  db
    .select()
    .from(runs)
    .where(
      sql`${kept} ${runs.run_id} = any(array(select json_array_elements_text(${JSON.stringify(ids)}::text::json)))`,
    )
    .orderBy(asc(runs.run_id));

/** Locks the runs, always in the same order so that two servers cannot wait for each other. */
export const lockRuns = async (db: Db, ids: readonly RunId[]): Promise<RunRow[]> =>
  ids.length === 0 ? [] : selectRuns(db, ids).for('update');

/** Locks those of the runs that no other transaction has locked: they come after others, so waiting could be mutual. */
export const lockFreeRuns = async (db: Db, ids: readonly RunId[]): Promise<RunRow[]> =>
  ids.length === 0 ? [] : selectRuns(db, ids).for('update', { skipLocked: true });

/** Creates those runs that no other transaction has created. */
export const insertRuns = (db: Db, rows: readonly RunRow[]): Promise<unknown> =>
  bulkInsertNew(db, runs, rows, { key: ['run_id'] }, 'run_id');

export const loadClients = async (db: Db, runIds: readonly RunId[]): Promise<ClientRow[]> =>
  runIds.length === 0
    ? []
    : db
        .select()
        .from(clients)
        .where(inArray(clients.run_id, [...runIds]));

/** The inputs of every running run's condition; the run with the oldest report comes first. */
export const runningRuns = (db: Db, limit: number) =>
  db
    .select({
      run_id: runs.run_id,
      started_at: runs.started_at,
      last_reported_at: runs.last_reported_at,
      condition: runs.condition,
      waiting: runs.waiting,
      pace: runs.pace,
    })
    .from(runs)
    .where(eq(runs.status, 'running'))
    .orderBy(asc(runs.last_reported_at))
    .limit(limit);

/** Those of the clients that are stored. */
export const loadNamedClients = async (
  db: Db,
  wanted: readonly { readonly run_id: RunId; readonly client_id: ClientId }[],
): Promise<ClientRow[]> =>
  wanted.length === 0
    ? []
    : db
        .select()
        .from(clients)
        .where(
          sql`(${clients.run_id}, ${clients.client_id}) in (select run_id, client_id
            from json_to_recordset(${JSON.stringify(wanted)}::text::json) as wanted_(run_id text, client_id text))`,
        );

export const loadReporters = async (db: Db, runIds: readonly RunId[]): Promise<ReporterRow[]> =>
  runIds.length === 0
    ? []
    : db
        .select()
        .from(runReporters)
        .where(inArray(runReporters.run_id, [...runIds]));

export const saveReporters = (db: Db, rows: readonly ReporterRow[]): Promise<unknown> =>
  bulkUpsert(db, runReporters, rows, { key: ['run_id', 'reporter_id'] });

/** Rounds by number, of several runs. */
export type RoundsOfRuns = ReadonlyMap<RunId, readonly number[]>;

const among = (table: typeof rounds | typeof clientUpdates, wanted: RoundsOfRuns) =>
  or(...[...wanted].map(([runId, numbers]) => and(eq(table.run_id, runId), inArray(table.round, [...numbers]))));

export const loadRounds = async (db: Db, wanted: RoundsOfRuns): Promise<RoundRow[]> =>
  wanted.size === 0 ? [] : db.select().from(rounds).where(among(rounds, wanted));

/** The rounds that the ends of the runs would end. */
export const openRounds = async (db: Db, runIds: readonly RunId[]): Promise<{ run_id: RunId; round: number }[]> => {
  if (runIds.length === 0) return [];
  const open = inArray(rounds.status, ['waiting', 'collecting', 'aggregating']);
  const where = and(inArray(rounds.run_id, [...runIds]), open);
  return db.select({ run_id: rounds.run_id, round: rounds.round }).from(rounds).where(where);
};

export const loadUpdates = async (db: Db, wanted: RoundsOfRuns): Promise<UpdateRow[]> =>
  wanted.size === 0 ? [] : db.select().from(clientUpdates).where(among(clientUpdates, wanted));

export const saveRuns = (db: Db, rows: readonly RunRow[]): Promise<unknown> =>
  bulkUpsert(db, runs, rows, { key: ['run_id'], keep: ['created_at', 'epoch'] });

/** The ids of the saved rounds. */
export async function saveRounds(
  db: Db,
  rows: readonly RoundRow[],
): Promise<{ run_id: RunId; round: number; round_id: number }[]> {
  const options = { key: ['run_id', 'round'], generated: ['round_id'], keep: ['created_seq'] };
  const saved = await bulkUpsert(db, rounds, rows, options, 'run_id, round, round_id');
  return saved.map(({ run_id, round, round_id }) => ({
    run_id: run_id as RunId,
    round: Number(round),
    round_id: Number(round_id),
  }));
}

export const newClients = (rows: readonly ClientRow[]): Statement => insertOf(clients, rows);

export const changedClients = (changes: readonly Change<ClientRow>[]): Statement =>
  updateOf(clients, changes, { key: ['run_id', 'client_id'] });

export const newUpdates = (rows: readonly UpdateRow[]): Statement => insertOf(clientUpdates, rows);

export const changedUpdates = (changes: readonly Change<UpdateRow>[]): Statement =>
  updateOf(clientUpdates, changes, { key: ['run_id', 'round', 'client_id'] });

/** Stores the points that are new, or later than the stored point with their key; returns those. [F8] */
export async function savePoints(db: Db, rows: readonly PointRow[], month: Month): Promise<Map<string, SavedPoint>> {
  const partition = partitionOf(month);
  const key = ['run_id', 'client_id', 'name', 'step', 'round_key', 'run_month'];
  const options = { key, keep: ['round'], onlyIf: `excluded.at > "${partition}".at`, partition };
  const returned = 'run_id, client_id, name, step, round, xmax = 0 as is_new';
  const saved = await bulkUpsert(db, metricPoints, rows, options, returned);
  return new Map(saved.map((row) => [pointKey(row as never), { isNew: row.is_new === true }]));
}

export interface SavedPoint {
  /** Otherwise it replaced an earlier value. */
  readonly isNew: boolean;
}

type PointKey = Pick<PointRow, 'run_id' | 'client_id' | 'name' | 'step' | 'round'>;

/** The moments of those of the points that are stored. */
export async function momentsOfPoints(db: Db, points: readonly PointKey[]): Promise<Map<string, string>> {
  if (points.length === 0) return new Map();
  const rows = await db.execute<Record<string, unknown>>(sql`
    select run_id, client_id, name, step, metric_points.round, at from metric_points
    join json_to_recordset(${JSON.stringify(points)}::text::json)
      as wanted(run_id text, client_id text, name text, step bigint, round integer) using (run_id, client_id, name, step)
    where round_key = coalesce(wanted.round, -1)`);
  return new Map(rows.map((row) => [pointKey(row as never), new Date(String(row.at)).toISOString()]));
}

export const pointKey = ({ run_id, client_id, name, step, round }: PointKey): string =>
  JSON.stringify([run_id, client_id, name, Number(step), round === null ? null : Number(round)]);

/** Inserts the log lines that are new, with the ids they got. */
export async function insertLogs(db: Db, rows: readonly Omit<LogRow, 'log_id'>[]): Promise<Map<string, number>> {
  const saved = await bulkInsertNew(db, logs, rows, { key: [], generated: ['log_id'] }, 'log_id, run_id, at, digest');
  return new Map(
    saved.map((row) => [
      logKey({ run_id: row.run_id as RunId, at: new Date(String(row.at)).toISOString(), digest: String(row.digest) }),
      Number(row.log_id),
    ]),
  );
}

export const logKey = ({ run_id, at, digest }: { run_id: RunId; at: string; digest: string }): string =>
  JSON.stringify([run_id, at, digest]);

/** The runs that have clients which are not offline. */
export const runsWithClients = async (db: Db): Promise<RunId[]> => {
  const rows = await db
    .selectDistinct({ run_id: listTotals.run_id })
    .from(listTotals)
    .where(and(eq(listTotals.list, 'clients'), ne(listTotals.status, 'offline'), gt(listTotals.total, 0)));
  return rows.map(({ run_id }) => run_id);
};

/**
 * Of the next clients of a run after `after`: those online whose last report, by the server's clock, is older than `before`.
 * `last` is where to go on, null at the end.
 */
export async function silentClients(
  db: Db,
  { run_id, after, before, limit }: { run_id: RunId; after: string; before: string; limit: number },
): Promise<{ silent: ClientId[]; last: ClientId | null }> {
  const rows = await db
    .select({
      client_id: clients.client_id,
      isSilent: sql<boolean>`is_online and last_heartbeat < ${before}::timestamptz`,
    })
    .from(clients)
    .where(and(eq(clients.run_id, run_id), gt(clients.client_id, after as ClientId)))
    .orderBy(asc(clients.client_id))
    .limit(limit);
  const silent = rows.filter(({ isSilent }) => isSilent).map(({ client_id }) => client_id);
  return { silent, last: rows.length < limit ? null : (rows.at(-1)?.client_id ?? null) };
}
