import type { ClientId, LiveEvent } from '@rondo/protocol';
import type { Change } from '../db/bulk.ts';
import type { Db } from '../db/db.ts';
import { clientEvent, roundEvent, runEvent } from '../db/live-events.ts';
import { saveAttentionList } from '../db/queries/insight.ts';
import { logKey } from '../db/queries/run-state.ts';
import { toLog, toPoint } from '../db/wire.ts';
import { type FigureChanges, figureChanges } from '../insight/keep-summaries.ts';
import { applyModelNotices, haveFiguresChanged, type ModelsWork } from './save-models.ts';
import type { PointsWork, StoredPoints } from './save-points.ts';
import type { ClientRow, Reduction, RoundRow, RunRow, RunState, UpdateRow } from './state.ts';
import { addedCounts, changedTotals } from './totals.ts';

export interface Saved extends Pick<Reduction, 'rounds' | 'clients' | 'updates' | 'reporters' | 'metricNames'> {
  readonly run: RunRow;
  readonly duplicates: ReadonlySet<number>;
  readonly events: () => LiveEvent[];
}

export interface Work {
  readonly state: RunState;
  readonly reduction: Reduction;
}

/**
 * One run on its way into the database. What it needs of the state before is taken when it is made: from then on the state
 * may move on.
 */
export class Writing {
  readonly before: RunRow;
  readonly reduction: Reduction;
  readonly runId: RunRow['run_id'];
  points: StoredPoints = { saved: [], replaced: 0 };
  readonly logs: ReturnType<typeof keepNew<Reduction['logs'][number]>>;
  readonly rounds: Map<number, RoundRow>;
  readonly clients: Map<ClientId, ClientRow>;
  readonly newClients: ClientRow[] = [];
  readonly changedClients: Change<ClientRow>[] = [];
  readonly newUpdates: UpdateRow[] = [];
  readonly changedUpdates: Change<UpdateRow>[] = [];
  readonly totals: ReturnType<typeof changedTotals>;
  readonly figures: FigureChanges;
  readonly #counts: ReturnType<typeof addedCounts>;
  readonly #roundsOfModels: readonly number[];
  readonly #receivedAt: string;
  readonly #seq: number;
  readonly #duplicates: Set<number>;
  #newLogs: (Writing['logs']['rows'][number] & { readonly log_id: number })[] = [];
  #modelNews = { hasChanged: false };
  #modelEvents: readonly LiveEvent[] = [];

  constructor(work: Work, receivedAt: string) {
    const { state, reduction } = work;
    this.before = state.run;
    this.reduction = reduction;
    this.runId = state.run.run_id;
    this.totals = changedTotals(state, reduction);
    this.#counts = addedCounts(state, reduction);
    this.#receivedAt = receivedAt;
    this.#seq = state.run.seq + 1;
    this.#duplicates = new Set(reduction.duplicates);
    this.logs = keepNew(reduction.logs, logKey, this.#duplicates, this.#seq);
    this.rounds = stamp(reduction.rounds, this.#seq);
    this.clients = stamp(reduction.clients, this.#seq);
    // All clients are loaded, and all client updates of the rounds: a missing one is new.
    for (const [id, row] of this.clients) {
      const before = state.clients.get(id);
      if (before) this.changedClients.push([before, row]);
      else this.newClients.push(row);
    }
    for (const [round, rows] of reduction.updates) {
      const known = state.updates.get(round);
      if (!known) throw new Error(`round ${round} of the run ${this.runId} was not loaded`);
      for (const [id, row] of rows) {
        const before = known.get(id);
        if (before) this.changedUpdates.push([before, row]);
        else this.newUpdates.push(row);
      }
    }
    this.figures = { run_id: this.runId, changes: figureChanges(state.rounds, this.rounds) };
    const hasFigures = (row: RoundRow) => haveFiguresChanged(state.rounds.get(row.round), row);
    this.#roundsOfModels = [...this.rounds.values()].filter(hasFigures).map(({ round }) => round);
  }

  pointsWork(): PointsWork {
    return {
      run: this.before,
      points: this.reduction.points,
      seq: this.#seq,
      duplicates: this.#duplicates,
    };
  }

  nameRound(round: number, round_id: number): void {
    const row = this.rounds.get(round);
    if (row) this.rounds.set(round, { ...row, round_id });
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

  modelsWork(): ModelsWork[] {
    const { hasChanged } = this.#modelNews;
    // A new run has no models that could follow its rounds.
    if (this.before.seq === 0 && !hasChanged) return [];
    return [{ run_id: this.runId, rounds: this.#roundsOfModels, hasChanged, seq: this.#seq }];
  }

  noteModelEvents(events: readonly LiveEvent[]): void {
    this.#modelEvents = events;
  }

  get duplicates(): ReadonlySet<number> {
    return this.#duplicates;
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
    const { before } = this;
    const { run, quiet } = this.reduction;
    const updated_seq = this.#isRunNews ? this.#seq : before.updated_seq;
    const num_values_replaced = before.num_values_replaced + this.reduction.replaced + this.points.replaced;
    return { ...(run ?? before), ...quiet, ...this.#counts, num_values_replaced, seq: this.#seq, updated_seq };
  }

  get #isRunNews(): boolean {
    return this.reduction.run !== null || this.reduction.replaced + this.points.replaced > 0;
  }

  saved(): Saved {
    const { updates, reporters, metricNames } = this.reduction;
    const duplicates = this.#duplicates;
    if (!this.isNews) {
      const { rounds, clients } = this.reduction;
      return { run: this.before, rounds, clients, updates, reporters, metricNames, duplicates, events: () => [] };
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
