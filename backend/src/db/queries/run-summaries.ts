import { type MetricValue, type RunId, toNumber } from '@rondo/protocol';
import { and, asc, eq, gt, inArray, sql } from 'drizzle-orm';
import type { Db } from '../db.ts';
import { kept } from '../kept.ts';
import { metricSeries, rounds, runs } from '../schema.ts';
import { type RunFigure, runBacklog, runSummaries, type SummaryState } from '../tables/insight.ts';
import { together } from '../together.ts';

export async function readSummaryStates(db: Db, ids: readonly RunId[]): Promise<Map<RunId, SummaryState>> {
  if (ids.length === 0) return new Map();
  const rows = await db
    .select()
    .from(runSummaries)
    .where(
      sql`${kept} ${runSummaries.run_id} = any(array(select json_array_elements_text(${JSON.stringify(ids)}::text::json)))`,
    );
  return new Map(rows.map(({ run_id, state }) => [run_id, state]));
}

export interface SummaryChange {
  readonly run_id: RunId;
  readonly state: SummaryState;
  readonly before: SummaryState | undefined;
}

/** Writes the summaries of runs, and their values for sorting where they changed. */
export async function saveSummaryStates(db: Db, changes: readonly SummaryChange[]): Promise<void> {
  if (changes.length === 0) return;
  const states = changes.map(({ run_id, state }) => ({ run_id, state }));
  const removed = changes.flatMap(({ run_id, state, before }) =>
    Object.keys(before?.figures ?? {}).flatMap((name) =>
      Object.hasOwn(state.figures, name) ? [] : [{ run_id, name }],
    ),
  );
  const changed = changes.flatMap(({ run_id, state, before }) =>
    Object.entries(state.figures).flatMap(([name, figure]) =>
      isSame(figure, before?.figures[name])
        ? []
        : [{ run_id, name, last: sortable(figure.last), best: sortable(figure.best) }],
    ),
  );
  await together(
    db.execute(sql`
      ${kept} insert into run_summaries (run_id, state)
      select run_id, state from json_to_recordset(${JSON.stringify(states)}::text::json) as row_(run_id text, state jsonb)
      on conflict (run_id) do update set state = excluded.state`),
    removed.length === 0
      ? undefined
      : db.execute(sql`
          delete from run_metrics using json_to_recordset(${JSON.stringify(removed)}::text::json) as gone(run_id text, name text)
          where run_metrics.run_id = gone.run_id and run_metrics.name = gone.name`),
    changed.length === 0
      ? undefined
      : db.execute(sql`
          ${kept} insert into run_metrics (run_id, name, last, best)
          select run_id, name, last, best from json_to_recordset(${JSON.stringify(changed)}::text::json)
            as row_(run_id text, name text, last float8, best float8)
          on conflict (run_id, name) do update set last = excluded.last, best = excluded.best`),
  );
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
