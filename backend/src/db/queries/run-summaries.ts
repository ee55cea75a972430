import { type MetricValue, type RunId, toNumber } from '@rondo/protocol';
import { and, asc, eq, gt, inArray, sql } from 'drizzle-orm';
import type { Db } from '../db.ts';
import { metricSeries, rounds, runs } from '../schema.ts';
import { type RunFigure, runBacklog, runSummaries, type SummaryState } from '../tables/insight.ts';

export async function readSummaryState(db: Db, runId: RunId): Promise<SummaryState | undefined> {
  const [row] = await db.select().from(runSummaries).where(eq(runSummaries.run_id, runId));
  return row?.state;
}

/** Writes a run's summary, and its values for sorting where they changed. */
export async function saveSummaryState(
  db: Db,
  runId: RunId,
  state: SummaryState,
  before: SummaryState | undefined,
): Promise<void> {
  await db.insert(runSummaries).values({ run_id: runId, state }).onConflictDoUpdate({
    target: runSummaries.run_id,
    set: { state },
  });
  const changed = Object.entries(state.figures).filter(([name, figure]) => !isSame(figure, before?.figures[name]));
  const removed = Object.keys(before?.figures ?? {}).filter((name) => !Object.hasOwn(state.figures, name));
  if (removed.length > 0)
    await db.execute(sql`delete from run_metrics where run_id = ${runId}
      and name in (select json_array_elements_text(${JSON.stringify(removed)}::text::json))`);
  if (changed.length === 0) return;
  const rows = changed.map(([name, { last, best }]) => ({ name, last: sortable(last), best: sortable(best) }));
  await db.execute(sql`
    insert into run_metrics
    select ${runId}, name, last, best
    from json_to_recordset(${JSON.stringify(rows)}::text::json) as row_(name text, last float8, best float8)
    on conflict (run_id, name) do update set last = excluded.last, best = excluded.best`);
}

const isSame = (a: RunFigure, b: RunFigure | undefined): boolean => a.last === b?.last && a.best === b.best;
const sortable = (value: MetricValue | null) =>
  value === null || Number.isNaN(toNumber(value)) ? null : typeof value === 'number' ? value : String(value);

const roundsAtOnce = 5_000;

/** The figures of every round of a run, oldest first. */
export async function readFigures(db: Db, runId: RunId) {
  const { round, status, global_loss, global_accuracy, metrics } = rounds;
  const all: Pick<typeof rounds.$inferSelect, 'round' | 'status' | 'global_loss' | 'global_accuracy' | 'metrics'>[] =
    [];
  for (let after = -1; ; ) {
    const rows = await db
      .select({ round, status, global_loss, global_accuracy, metrics })
      .from(rounds)
      .where(and(eq(rounds.run_id, runId), gt(round, after)))
      .orderBy(asc(round))
      .limit(roundsAtOnce);
    all.push(...rows);
    after = rows.at(-1)?.round ?? after;
    if (rows.length < roundsAtOnce) return all;
  }
}

/** The summaries and the last ε of these runs. */
export async function readSummaries(db: Db, ids: readonly RunId[]) {
  if (ids.length === 0) return { states: new Map<RunId, SummaryState>(), epsilons: new Map<RunId, MetricValue>() };
  const states = await db
    .select()
    .from(runSummaries)
    .where(inArray(runSummaries.run_id, [...ids]));
  const epsilons = await db
    .select({ run_id: metricSeries.run_id, value: metricSeries.value })
    .from(metricSeries)
    .where(
      and(
        inArray(metricSeries.run_id, [...ids]),
        eq(metricSeries.client_id, ''),
        eq(metricSeries.name, 'privacy_epsilon'),
      ),
    );
  return {
    states: new Map(states.map(({ run_id, state }) => [run_id, state])),
    epsilons: new Map(epsilons.map(({ run_id, value }) => [run_id, value])),
  };
}

export const readBacklog = async (db: Db, limit: number): Promise<RunId[]> =>
  (await db.select().from(runBacklog).limit(limit)).map(({ run_id }) => run_id);

export async function leaveBacklog(db: Db, runId: RunId): Promise<void> {
  await db.delete(runBacklog).where(eq(runBacklog.run_id, runId));
}

/** Locks the run, so that the writer cannot change it until the transaction ends. */
export async function lockRun(tx: Db, runId: RunId): Promise<void> {
  await tx.select({ id: runs.run_id }).from(runs).where(eq(runs.run_id, runId)).for('update');
}
