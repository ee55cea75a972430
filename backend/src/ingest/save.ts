import type { Db } from '../db/db.ts';
import { saveCommands } from '../db/queries/commands.ts';
import { addSeriesNames } from '../db/queries/metric-names.ts';
import {
  changeUpdates,
  insertClients,
  insertLogs,
  insertUpdates,
  saveReporters,
  saveRounds,
  saveRuns,
  updateClients,
} from '../db/queries/run-state.ts';
import { addTotals, registerClients } from '../db/queries/totals.ts';
import { together } from '../db/together.ts';
import { keepSummaries } from '../insight/keep-summaries.ts';
import { settleModels } from './save-models.ts';
import { storePoints } from './save-points.ts';
import { changedTotals } from './totals.ts';
import { type Saved, type Work, Writing } from './writing.ts';

/**
 * Writes exactly the rows that changed, stamped with each run's next seq; of many runs in as many statements as of one,
 * most of which are sent at once. Nothing new: nothing written, same seq. [S2] [B3]
 */
export async function save(tx: Db, works: readonly Work[], receivedAt: string): Promise<Saved[]> {
  const drafts: Writing[] = [];
  for (const work of works) drafts.push(new Writing(work, receivedAt));
  await saveTelemetry(tx, drafts);
  for (const draft of drafts) await draft.applyModels(tx);

  const news = drafts.filter((draft) => draft.isNews);
  const of = <R>(rows: (draft: Writing) => readonly R[]): R[] => news.flatMap(rows);
  const totals = news.map(({ work, runId: run_id }) => ({ run_id, ...changedTotals(work.state, work.reduction) }));
  const [savedRounds] = await together(
    saveRounds(
      tx,
      of(({ rounds }) => [...rounds.values()]),
    ),
    insertClients(
      tx,
      of(({ newClients }) => newClients),
    ),
    updateClients(
      tx,
      of(({ changedClients }) => changedClients),
    ),
    insertUpdates(
      tx,
      of(({ newUpdates }) => newUpdates),
    ),
    changeUpdates(
      tx,
      of(({ changedUpdates }) => changedUpdates),
    ),
    addTotals(
      tx,
      totals.flatMap(({ changes }) => changes),
    ),
    registerClients(
      tx,
      totals.flatMap(({ run_id, newClients }) => newClients.map((client_id) => ({ client_id, run_id }))),
    ),
    saveRuns(
      tx,
      of(({ run }) => [run]),
    ),
    saveReporters(
      tx,
      of(({ reduction }) => [...reduction.reporters.values()]),
    ),
    keepSummaries(
      tx,
      news.map(({ runId: run_id, work, rounds }) => ({ run_id, before: work.state.rounds, saved: rounds })),
    ),
    ...news.map((draft) => draft.saveAttention(tx)),
  );
  const byRun = new Map(news.map((draft) => [draft.runId, draft]));
  for (const { run_id, round, round_id } of savedRounds) byRun.get(run_id)?.nameRound(round, round_id);
  // Once the rounds are written.
  const modelEvents = await settleModels(
    tx,
    news.flatMap((draft) => draft.modelsWork()),
    receivedAt,
  );
  for (const [runId, events] of modelEvents) byRun.get(runId)?.noteModelEvents(events);
  return drafts.map((draft) => draft.saved());
}

/** What only the database knows to be new. */
async function saveTelemetry(tx: Db, drafts: readonly Writing[]): Promise<void> {
  const names = drafts.flatMap(({ runId: run_id, reduction }) =>
    [...reduction.metricNames].map((name) => ({ run_id, name })),
  );
  const withPoints = drafts.filter(({ reduction }) => reduction.points.length > 0);
  const [points, newLogs] = await together(
    storePoints(
      tx,
      withPoints.map((draft) => draft.pointsWork()),
    ),
    insertLogs(
      tx,
      drafts.flatMap(({ logs }) => logs.rows),
    ),
    addSeriesNames(tx, names),
    saveCommands(
      tx,
      drafts.flatMap(({ reduction }) => [...reduction.commands.values()]),
    ),
  );
  for (const [index, draft] of withPoints.entries()) draft.points = points[index] ?? draft.points;
  for (const draft of drafts) draft.keepLogs(newLogs);
}
