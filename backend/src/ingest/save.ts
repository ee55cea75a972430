import type { ClientId, LiveEvent } from '@rondo/protocol';
import type { Db } from '../db/db.ts';
import { clientEvent, roundEvent, runEvent } from '../db/live-events.ts';
import { saveCommands } from '../db/queries/commands.ts';
import { saveAttentionList } from '../db/queries/insight.ts';
import { addSeriesNames } from '../db/queries/metric-names.ts';
import {
  insertLogs,
  insertUpdates,
  logKey,
  saveClients,
  saveReporters,
  saveRounds,
  saveRuns,
  saveUpdates,
} from '../db/queries/run-state.ts';
import { addTotals, registerClients } from '../db/queries/totals.ts';
import { toLog, toPoint } from '../db/wire.ts';
import { keepSummary } from '../insight/keep-summaries.ts';
import { applyModelNotices, settleModels } from './save-models.ts';
import { storePoints } from './save-points.ts';
import type { ClientRow, Reduction, RoundRow, RunRow, RunState, UpdateRow } from './state.ts';
import { addedCounts, changedTotals } from './totals.ts';

export interface Saved extends Pick<Reduction, 'rounds' | 'clients' | 'updates' | 'reporters' | 'metricNames'> {
  readonly run: RunRow;
  readonly duplicates: ReadonlySet<number>;
  readonly events: () => LiveEvent[];
}

interface Work {
  readonly state: RunState;
  readonly reduction: Reduction;
}

/**
 * Writes exactly the rows that changed, stamped with each run's next seq; of many runs in as many statements as of one.
 * Nothing new: nothing written, same seq. [S2] [B3]
 */
export async function save(tx: Db, works: readonly Work[], receivedAt: string): Promise<Saved[]> {
  const drafts: Writing[] = [];
  for (const work of works) drafts.push(new Writing(work, receivedAt));
  await saveTelemetry(tx, drafts);
  await saveCommands(
    tx,
    drafts.flatMap(({ reduction }) => [...reduction.commands.values()]),
  );
  for (const draft of drafts) await draft.applyModels(tx);

  const news = drafts.filter((draft) => draft.isNews);
  const of = <R>(rows: (draft: Writing) => readonly R[]): R[] => news.flatMap(rows);
  const byRun = new Map(news.map((draft) => [draft.runId, draft]));
  for (const { run_id, round, round_id } of await saveRounds(
    tx,
    of(({ rounds }) => [...rounds.values()]),
  )) {
    const rounds = byRun.get(run_id)?.rounds;
    const row = rounds?.get(round);
    if (row) rounds?.set(round, { ...row, round_id });
  }
  await saveClients(
    tx,
    of(({ clients }) => [...clients.values()]),
  );
  await insertUpdates(
    tx,
    of(({ newUpdates }) => newUpdates),
  );
  await saveUpdates(
    tx,
    of(({ oldUpdates }) => oldUpdates),
  );
  const totals = news.map(({ work }) => changedTotals(work.state, work.reduction));
  await addTotals(
    tx,
    totals.flatMap(({ changes }) => changes),
  );
  await registerClients(
    tx,
    totals.flatMap(({ newClients }, index) =>
      newClients.map((client_id) => ({ client_id, run_id: (news[index] as Writing).runId })),
    ),
  );
  await saveRuns(
    tx,
    of(({ run }) => [run]),
  );
  for (const { runId, work, rounds } of news) await keepSummary(tx, runId, work.state.rounds, rounds);
  await saveReporters(
    tx,
    of(({ reduction }) => [...reduction.reporters.values()]),
  );
  for (const draft of news) await draft.saveAttention(tx);
  for (const draft of news) await draft.settleModels(tx);
  return drafts.map((draft) => draft.saved());
}

async function saveTelemetry(tx: Db, drafts: readonly Writing[]): Promise<void> {
  for (const draft of drafts) await draft.storePoints(tx);
  const newNames = drafts.flatMap(({ runId: run_id, reduction }) =>
    [...reduction.metricNames].map((name) => ({ run_id, name })),
  );
  await addSeriesNames(tx, newNames);
  const newLogs = await insertLogs(
    tx,
    drafts.flatMap(({ logs }) => logs.rows),
  );
  for (const draft of drafts) draft.keepLogs(newLogs);
}

/** One run on its way into the database. */
class Writing {
  readonly work: Work;
  readonly reduction: Reduction;
  readonly runId: RunRow['run_id'];
  points: Awaited<ReturnType<typeof storePoints>> = { saved: [], replaced: 0 };
  readonly logs: ReturnType<typeof keepNew<Reduction['logs'][number]>>;
  readonly rounds: Map<number, RoundRow>;
  readonly clients: Map<ClientId, ClientRow>;
  readonly newUpdates: UpdateRow[];
  readonly oldUpdates: UpdateRow[];
  readonly #receivedAt: string;
  readonly #seq: number;
  readonly #duplicates: Set<number>;
  #newLogs: (Writing['logs']['rows'][number] & { readonly log_id: number })[] = [];
  #modelNews = { hasChanged: false };
  #modelEvents: LiveEvent[] = [];

  constructor(work: Work, receivedAt: string) {
    const { state, reduction } = work;
    this.work = work;
    this.reduction = reduction;
    this.runId = state.run.run_id;
    this.#receivedAt = receivedAt;
    this.#seq = state.run.seq + 1;
    this.#duplicates = new Set(reduction.duplicates);
    this.logs = keepNew(reduction.logs, logKey, this.#duplicates, this.#seq);
    this.rounds = stamp(reduction.rounds, this.#seq);
    this.clients = stamp(reduction.clients, this.#seq);
    // A loaded round has all its client updates, so a missing one is new.
    [this.newUpdates, this.oldUpdates] = partitionUpdates(reduction.updates, state.updates);
  }

  async storePoints(tx: Db): Promise<void> {
    const { points } = this.reduction;
    if (points.length === 0) return;
    this.points = await storePoints(tx, this.work.state.run, points, { seq: this.#seq, duplicates: this.#duplicates });
  }

  /** Only the database knows which lines are new. */
  keepLogs(newLogs: ReadonlyMap<string, number>): void {
    this.logs.markKnown(newLogs, this.#duplicates);
    this.#newLogs = this.logs.rows.flatMap((row) => {
      const log_id = newLogs.get(logKey(row));
      return log_id === undefined ? [] : [{ ...row, log_id }];
    });
  }

  async applyModels(tx: Db): Promise<void> {
    if (this.reduction.models.length === 0) return;
    const when = { seq: this.#seq, receivedAt: this.#receivedAt };
    const { refused, hasChanged } = await applyModelNotices(tx, this.reduction.models, when);
    this.#modelNews = { hasChanged };
    for (const index of refused) this.#duplicates.add(index);
  }

  async saveAttention(tx: Db): Promise<void> {
    const { attention } = this.reduction;
    if (attention) await saveAttentionList(tx, attention, this.#seq);
  }

  async settleModels(tx: Db): Promise<void> {
    const { state } = this.work;
    // A new run has no models that could follow its rounds.
    if (state.run.seq === 0 && !this.#modelNews.hasChanged) return;
    const when = { seq: this.#seq, receivedAt: this.#receivedAt };
    this.#modelEvents = await settleModels(tx, state, this.rounds, { ...this.#modelNews, ...when });
  }

  get isNews(): boolean {
    const { run, attention, rounds, clients, updates, reporters, commands, quiet } = this.reduction;
    // A command whose round began again, or was asked to stop once more, changes alone.
    const changes = rounds.size + clients.size + updates.size + reporters.size + commands.size;
    const telemetry = this.points.saved.length + this.#newLogs.length;
    return (
      run !== null ||
      attention !== null ||
      changes + telemetry > 0 ||
      this.#modelNews.hasChanged ||
      Object.keys(quiet).length > 0
    );
  }

  get run(): RunRow {
    const { run: before } = this.work.state;
    const { run, quiet } = this.reduction;
    const updated_seq = this.#isRunNews ? this.#seq : before.updated_seq;
    const num_values_replaced = before.num_values_replaced + this.reduction.replaced + this.points.replaced;
    const counts = addedCounts(this.work.state, this.reduction);
    return { ...(run ?? before), ...quiet, ...counts, num_values_replaced, seq: this.#seq, updated_seq };
  }

  get #isRunNews(): boolean {
    return this.reduction.run !== null || this.reduction.replaced + this.points.replaced > 0;
  }

  saved(): Saved {
    const { updates, reporters, metricNames } = this.reduction;
    const duplicates = this.#duplicates;
    if (!this.isNews) {
      const { rounds, clients } = this.reduction;
      const { run } = this.work.state;
      return { run, rounds, clients, updates, reporters, metricNames, duplicates, events: () => [] };
    }
    const { rounds, clients, run } = this;
    return { run, rounds, clients, updates, reporters, metricNames, duplicates, events: () => this.#events() };
  }

  #events(): LiveEvent[] {
    const { attention } = this.reduction;
    const before = this.#seq - 1;
    return [
      ...(this.#isRunNews ? [runEvent(this.run)] : []),
      ...[...this.rounds.values()].map((row) => roundEvent(row, before)),
      ...[...this.clients.values()].map((row) => clientEvent(row, before)),
      ...this.points.saved.map((row): LiveEvent => ({ type: 'metric', data: toPoint(row) })),
      ...(attention ? [{ type: 'attention', data: attention } as const] : []),
      ...this.#modelEvents,
      ...this.#newLogs.map((row): LiveEvent => ({ type: 'log', data: toLog(row) })),
    ];
  }
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
