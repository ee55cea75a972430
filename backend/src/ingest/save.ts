import type { LiveEvent } from '@rondo/protocol';
import type { Db } from '../db/db.ts';
import { clientEvent, roundEvent, runEvent } from '../db/live-events.ts';
import { saveCommands } from '../db/queries/commands.ts';
import { saveAttentionList } from '../db/queries/insight.ts';
import {
  insertLogs,
  insertUpdates,
  logKey,
  saveClients,
  saveReporters,
  saveRounds,
  saveRun,
  saveUpdates,
} from '../db/queries/run-state.ts';
import { addTotals, registerClients } from '../db/queries/totals.ts';
import { toLog, toPoint } from '../db/wire.ts';
import { applyModelNotices, settleModels } from './save-models.ts';
import { storePoints } from './save-points.ts';
import type { Reduction, RoundRow, RunRow, RunState, UpdateRow } from './state.ts';
import { changedTotals } from './totals.ts';

export interface Saved extends Pick<Reduction, 'rounds' | 'clients' | 'updates' | 'reporters'> {
  readonly run: RunRow;
  readonly duplicates: ReadonlySet<number>;
  readonly events: () => LiveEvent[];
}

/** Writes exactly the rows that changed, stamped with the run's next seq. Nothing new: nothing written, same seq. [S2] */
export async function save(tx: Db, state: RunState, reduction: Reduction, receivedAt: string): Promise<Saved> {
  const seq = state.run.seq + 1;
  const duplicates = new Set(reduction.duplicates);
  const points = await storePoints(tx, state.run, reduction.points, { seq, duplicates });
  const logs = keepNew(reduction.logs, logKey, duplicates, seq);
  const newLogs = await insertLogs(tx, logs.rows);
  logs.markKnown(newLogs, duplicates);

  await saveCommands(tx, [...reduction.commands.values()]);
  const { rounds, clients, updates, reporters } = reduction;
  const modelNews = await applyModelNotices(tx, reduction.models, { seq, receivedAt });
  for (const index of modelNews.refused) duplicates.add(index);
  const changes =
    rounds.size +
    clients.size +
    updates.size +
    reporters.size +
    points.saved.length +
    newLogs.size +
    Number(modelNews.hasChanged);
  const { attention } = reduction;
  const isNews = reduction.run !== null || attention !== null || changes > 0 || Object.keys(reduction.quiet).length > 0;
  if (!isNews) return { run: state.run, rounds, clients, updates, reporters, duplicates, events: () => [] };

  const stampedRounds = stamp(rounds, seq);
  for (const [round, round_id] of await saveRounds(tx, [...stampedRounds.values()])) {
    stampedRounds.set(round, { ...(stampedRounds.get(round) as RoundRow), round_id });
  }
  const stampedClients = stamp(clients, seq);
  await saveClients(tx, [...stampedClients.values()]);
  // A loaded round has all its client updates, so a missing one is new.
  const [newUpdates, oldUpdates] = partitionUpdates(updates, state.updates);
  await insertUpdates(tx, newUpdates);
  await saveUpdates(tx, oldUpdates);
  if (attention) await saveAttentionList(tx, attention, seq);
  const totals = changedTotals(state, reduction);
  await addTotals(tx, totals.changes);
  await registerClients(tx, state.run.run_id, totals.newClients);
  const replaced = reduction.replaced + points.replaced;
  const isRunNews = reduction.run !== null || replaced > 0;
  const updated_seq = isRunNews ? seq : state.run.updated_seq;
  const num_values_replaced = state.run.num_values_replaced + replaced;
  const run = { ...(reduction.run ?? state.run), ...reduction.quiet, num_values_replaced, seq, updated_seq };
  await saveRun(tx, run);
  await saveReporters(tx, [...reporters.values()]);
  const modelEvents = await settleModels(tx, state, stampedRounds, { ...modelNews, seq, receivedAt });
  return {
    run,
    rounds: stampedRounds,
    clients: stampedClients,
    updates,
    reporters,
    duplicates,
    events: () => [
      ...(isRunNews ? [runEvent(run)] : []),
      ...[...stampedRounds.values()].map((row) => roundEvent(row, seq - 1)),
      ...[...stampedClients.values()].map((row) => clientEvent(row, seq - 1)),
      ...points.saved.map((row): LiveEvent => ({ type: 'metric', data: toPoint(row) })),
      ...modelEvents,
      ...(attention ? [{ type: 'attention', data: attention } as const] : []),
      ...logs.rows.flatMap((row): LiveEvent[] => {
        const log_id = newLogs.get(logKey(row));
        return log_id === undefined ? [] : [{ type: 'log', data: toLog({ ...row, log_id }) }];
      }),
    ],
  };
}

function partitionUpdates(updates: RunState['updates'], known: RunState['updates']): [UpdateRow[], UpdateRow[]] {
  const fresh: UpdateRow[] = [];
  const changed: UpdateRow[] = [];
  for (const [round, rows] of updates) {
    const ofRound = known.get(round);
    for (const [id, row] of rows) (ofRound && !ofRound.has(id) ? fresh : changed).push(row);
  }
  return [fresh, changed];
}

const stamp = <R extends { created_seq: number; updated_seq: number }, K>(
  rows: ReadonlyMap<K, R>,
  seq: number,
): Map<K, R> =>
  new Map([...rows].map(([key, row]) => [key, { ...row, created_seq: row.created_seq || seq, updated_seq: seq }]));

/** The first of each key is a candidate; the rest repeat it. */
function keepNew<R extends { index: number }>(
  rows: readonly R[],
  keyOf: (row: R) => string,
  duplicates: Set<number>,
  seq: number,
) {
  const first = new Map<string, R>();
  for (const row of rows) {
    if (first.has(keyOf(row))) duplicates.add(row.index);
    else first.set(keyOf(row), row);
  }
  return {
    rows: [...first.values()].map(({ index, ...row }) => ({ ...row, updated_seq: seq })),
    markKnown: (inserted: { has(key: string): boolean }, into: Set<number>) => {
      for (const [key, row] of first) if (!inserted.has(key)) into.add(row.index);
    },
  };
}
