import type { RunId } from '@rondo/protocol';
import { type Statement, send } from '../db/bulk.ts';
import type { Db } from '../db/db.ts';
import { saveCommands } from '../db/queries/commands.ts';
import { addSeriesNames } from '../db/queries/metric-names.ts';
import {
  changedClients,
  changedUpdates,
  insertLogs,
  newClients,
  newUpdates,
  saveReporters,
  saveRounds,
  saveRuns,
} from '../db/queries/run-state.ts';
import { addTotals, registerClients } from '../db/queries/totals.ts';
import { together } from '../db/together.ts';
import { keepSummaries } from '../insight/keep-summaries.ts';
import { settleModels } from './save-models.ts';
import { storePoints } from './save-points.ts';
import { type Saved, type Work, Writing } from './writing.ts';

/** The changes of several runs, with the largest statements encoded. Made without the database. */
export interface Draft {
  readonly runs: readonly Writing[];
  readonly rows: readonly Statement[];
}

export function draftOf(works: readonly Work[], receivedAt: string): Draft {
  const runs = works.map((work) => new Writing(work, receivedAt));
  const of = <R>(rows: (run: Writing) => readonly R[]): R[] => runs.flatMap(rows);
  return {
    runs,
    rows: [
      newClients(of((run) => run.newClients)),
      changedClients(of((run) => run.changedClients)),
      newUpdates(of((run) => run.newUpdates)),
      changedUpdates(of((run) => run.changedUpdates)),
    ],
  };
}

/** Writes what only the database knows to be new; after it, each run's next row is known. */
export async function saveTelemetry(tx: Db, { runs }: Draft): Promise<void> {
  const names = runs.flatMap(({ runId: run_id, reduction }) =>
    [...reduction.metricNames].map((name) => ({ run_id, name })),
  );
  const withPoints = runs.filter(({ reduction }) => reduction.points.length > 0);
  const [points, newLogs] = await together(
    storePoints(
      tx,
      withPoints.map((run) => run.pointsWork()),
    ),
    insertLogs(
      tx,
      runs.flatMap(({ logs }) => logs.rows),
    ),
    addSeriesNames(tx, names),
    saveCommands(
      tx,
      runs.flatMap(({ reduction }) => [...reduction.commands.values()]),
    ),
  );
  for (const [index, run] of withPoints.entries()) run.points = points[index] ?? run.points;
  for (const run of runs) run.keepLogs(newLogs);
  for (const run of runs) await run.applyModels(tx);
}

/**
 * Writes exactly the rows that changed, stamped with each run's next seq; of many runs in as many statements as of one,
 * most of which are sent at once. Nothing new: nothing written, same seq. Ends when all statements are on their way; `stored`
 * ends when they are executed. [S2] [B3]
 */
export async function save(tx: Db, draft: Draft, receivedAt: string): Promise<{ readonly stored: Promise<void> }> {
  const news = draft.runs.filter((run) => run.isNews);
  const of = <R>(rows: (run: Writing) => readonly R[]): R[] => news.flatMap(rows);
  // These read first: their answers come while the rows are written.
  const summaries = keepSummaries(
    tx,
    news.map(({ figures }) => figures),
  );
  const models = settleModels(
    tx,
    news.flatMap((run) => run.modelsWork()),
    receivedAt,
  );
  const rows = together(
    saveRounds(
      tx,
      of(({ rounds }) => [...rounds.values()]),
    ),
    ...draft.rows.map((statement) => send(tx, statement)),
    addTotals(
      tx,
      of(({ totals }) => totals.changes),
    ),
    registerClients(
      tx,
      of(({ runId: run_id, totals }) => totals.newClients.map((client_id) => ({ client_id, run_id }))),
    ),
    saveRuns(
      tx,
      of(({ run }) => [run]),
    ),
    saveReporters(
      tx,
      of(({ reduction }) => [...reduction.reporters.values()]),
    ),
    ...news.map((run) => run.saveAttention(tx)),
  );
  const store = async () => {
    const [[savedRounds], modelEvents] = await together(
      rows,
      models,
      summaries.then(({ stored }) => stored),
    );
    const byRun = new Map<RunId, Writing>(news.map((run) => [run.runId, run]));
    for (const { run_id, round, round_id } of savedRounds) byRun.get(run_id)?.nameRound(round, round_id);
    for (const [runId, events] of modelEvents) byRun.get(runId)?.noteModelEvents(events);
  };
  const stored = store();
  // The caller gets its error where it waits for `stored`.
  stored.catch(() => {});
  await together(summaries, models);
  return { stored };
}

export const savedOf = ({ runs }: Draft): Saved[] => runs.map((run) => run.saved());
