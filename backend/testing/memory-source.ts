import {
  isLatestPoint,
  type LiveEvent,
  type LogEntry,
  limits,
  liveEventKey,
  type MetricPoint,
  type ProjectId,
  type RunId,
  type SnapshotMessage,
} from '@rondo/protocol';
import type { Committed } from '../src/bus/event-bus.ts';
import { clientEvent, roundEvent, runEvent } from '../src/db/live-events.ts';
import type { Visible } from '../src/db/queries/projects.ts';
import { toClient, toLog, toPoint, toRound, toRun } from '../src/db/wire.ts';
import { reduce } from '../src/ingest/reduce.ts';
import type { Input, RunState } from '../src/ingest/state.ts';
import type { LiveSource } from '../src/websocket/live-source.ts';
import { emptyState, fold, noon } from './run-state.ts';

interface Stored {
  readonly state: RunState;
  readonly points: readonly { readonly seq: number; readonly point: MetricPoint }[];
  readonly logs: readonly { readonly seq: number; readonly entry: LogEntry }[];
}

interface Held {
  readonly look: () => void;
  readonly answer: () => void;
  readonly fail: (error: Error) => void;
}

/**
 * A database in memory that is written by `reduce` and read as the real one is: rows stamped with the run's seq.
 * Its reads wait until the test lets them go, if it asks for that.
 */
export class MemorySource implements LiveSource {
  readonly #runs = new Map<RunId, Stored>();
  #runsCreated = 0;
  #lastLogId = 0;
  readonly #held: Held[] = [];
  #isHolding = false;
  /** More can only be read in pages, or as a snapshot. */
  maxChanges: number = Number.POSITIVE_INFINITY;
  /** Clients of a snapshot or page. */
  pageClients: number = limits.snapshotClients;

  /** If true, reads wait from now on. */
  hold(isHolding: boolean): void {
    this.#isHolding = isHolding;
  }

  get waitingReads(): number {
    return this.#held.length;
  }

  /** Folds the facts, stamps what they changed, and says so as a commit does. Undefined when nothing was new. */
  commit(inputs: readonly Input[], receivedAt = noon): Committed | undefined {
    const [first] = inputs;
    if (!first) return undefined;
    const run_id = first.run_id;
    const stored = this.#runs.get(run_id) ?? {
      state: this.#created(run_id),
      points: [],
      logs: [],
    };
    const before = stored.state.run.seq;
    const seq = before + 1;
    const reduction = reduce(stored.state, inputs, receivedAt);
    const { run, rounds, clients, updates, ...rest } = reduction;
    let { points } = stored;
    let replaced = rest.replaced;
    for (const { index, ...row } of rest.points) {
      const point = toPoint({ ...row, updated_seq: seq });
      const known = points.find((one) => samePoint(one.point, point));
      if (known && known.point.at >= point.at) continue;
      if (known) replaced += 1;
      points = [...points.filter((one) => one !== known), { seq, point }];
    }
    const news = points.filter((one) => one.seq === seq);
    const logs = rest.logs.map(({ index, ...row }) => {
      this.#lastLogId += 1;
      return toLog({ ...row, log_id: this.#lastLogId, updated_seq: seq });
    });
    if (!run && rounds.size + clients.size + updates.size + news.length + logs.length === 0) return undefined;
    const stamped = <K, R extends { created_seq: number }>(rows: ReadonlyMap<K, R>) =>
      new Map([...rows].map(([key, row]) => [key, { ...row, created_seq: row.created_seq || seq, updated_seq: seq }]));
    const changed = { rounds: stamped(rounds), clients: stamped(clients) };
    for (const [round, row] of changed.rounds) changed.rounds.set(round, { ...row, round_id: round });
    const isRunNews = run !== null || replaced > 0;
    const newRun = { ...(run ?? stored.state.run), seq, updated_seq: isRunNews ? seq : stored.state.run.updated_seq };
    const state = fold(stored.state, { ...rest, replaced, run: newRun, updates, ...changed });
    this.#runs.set(run_id, {
      state,
      points,
      logs: [...stored.logs, ...logs.map((entry) => ({ seq, entry }))],
    });
    const events = () => this.#eventsSince(run_id, before);
    const eventsAtCommit = events();
    return {
      run_id,
      project_id: newRun.project_id,
      epoch: newRun.epoch,
      from_seq: before,
      seq,
      events: () => eventsAtCommit,
      is_new_run: before === 0,
    };
  }

  delete(runId: RunId): void {
    this.#runs.delete(runId);
  }

  /** Lets a read that waits take its picture now; its answer still waits. */
  look(index = 0): void {
    this.#held[index]?.look();
  }

  /** Lets a read that waits have its answer: the picture it took, else the data as they are now. */
  release(index = 0): void {
    this.#held.splice(index, 1)[0]?.answer();
  }

  /** Fails a read that waits. */
  break(index = 0): void {
    this.#held.splice(index, 1)[0]?.fail(new Error('the database is away'));
  }

  newestRunId(visible: Visible): Promise<RunId | undefined> {
    return this.#read(() => {
      const all = [...this.#runs.values()].map(({ state }) => state.run);
      const states = all.filter(({ project_id }) => visible === null || visible.includes(project_id));
      const placeOf = ({ status, started_at, completed_at }: (typeof states)[number]) =>
        status === 'running' ? `1 ${started_at}` : `0 ${completed_at ?? started_at}`;
      // Of equals the one that arrived last.
      return states.sort((a, b) => placeOf(b).localeCompare(placeOf(a)) || b.created_at.localeCompare(a.created_at))[0]
        ?.run_id;
    });
  }

  projectOf(runId: RunId): Promise<ProjectId | undefined> {
    return this.#read(() => this.#runs.get(runId)?.state.run.project_id);
  }

  snapshot(runId: RunId): ReturnType<LiveSource['snapshot']> {
    return this.#read(() => {
      const snapshot = this.snapshotNow(runId);
      if (!snapshot) return undefined;
      const { epoch, seq, data } = snapshot;
      if (data.clients.length <= this.pageClients)
        return { epoch, seq, completeAt: undefined, text: JSON.stringify(snapshot) };
      const large = { ...snapshot, seq: 0, complete_at: seq, data: { ...data, clients: [] } };
      return { epoch, seq: 0, completeAt: seq, text: JSON.stringify(large) };
    });
  }

  page(runId: RunId, epoch: string, since: number, othersSince: number): ReturnType<LiveSource['page']> {
    return this.#read(() => {
      const stored = this.#runs.get(runId);
      if (!stored || stored.state.run.epoch !== epoch || since > stored.state.run.seq) return undefined;
      const { run, clients } = stored.state;
      const changed = [...clients.values()].map(({ updated_seq }) => updated_seq).filter((seq) => seq > since);
      const next = changed.sort((a, b) => a - b)[this.pageClients];
      // Whole transactions only, and at least one.
      const seq = next === undefined ? run.seq : Math.max(next - 1, changed[0] ?? 0);
      const isClient = ({ type }: LiveEvent) => type === 'client_joined' || type === 'client_update';
      const ofPage = (from: number) => {
        const later = new Set(this.#eventsSince(runId, seq).map((event) => JSON.stringify(liveEventKey(event))));
        return this.#eventsSince(runId, from).filter((event) => !later.has(JSON.stringify(liveEventKey(event))));
      };
      const others = seq > othersSince ? ofPage(othersSince).filter((event) => !isClient(event)) : [];
      return { seq, isLast: seq >= run.seq, events: [...ofPage(since).filter(isClient), ...others] };
    });
  }

  changes(runId: RunId, epoch: string, since: number): ReturnType<LiveSource['changes']> {
    return this.#read(() => {
      const run = this.#runs.get(runId)?.state.run;
      if (!run || run.epoch !== epoch || since > run.seq) return undefined;
      const events = this.#eventsSince(runId, since);
      return events.length > this.maxChanges ? undefined : { seq: run.seq, events };
    });
  }

  snapshotNow(runId: RunId): SnapshotMessage | undefined {
    const stored = this.#runs.get(runId);
    if (!stored) return undefined;
    const { run } = stored.state;
    const rounds = [...stored.state.rounds.values()].sort((a, b) => b.round - a.round);
    const withFigures = rounds.filter((row) => row.global_loss !== null || row.global_accuracy !== null);
    const points = withFigures.map((row) => ({
      round: row.round,
      loss: row.global_loss,
      accuracy: row.global_accuracy,
    }));
    const latest = new Map<string, MetricPoint>();
    for (const { point } of stored.points) {
      if (point.client_id !== null) continue;
      const known = latest.get(point.name);
      if (!known || isLatestPoint(point, known)) latest.set(point.name, point);
    }
    return {
      type: 'snapshot',
      run_id: run.run_id,
      epoch: run.epoch,
      seq: run.seq,
      data: {
        run: toRun(run),
        rounds: rounds.slice(0, limits.snapshotRounds).map(toRound),
        clients: [...stored.state.clients.values()].map(toClient),
        metrics_history: points.slice(0, limits.historyPoints).reverse(),
        models: [],
        metrics: [...latest.values()],
        logs: stored.logs.slice(-limits.snapshotLogs).map(({ entry }) => entry),
      },
    };
  }

  #created(run_id: RunId): RunState {
    const state = emptyState(run_id);
    this.#runsCreated += 1;
    const created_at = new Date(Date.parse(noon) + this.#runsCreated).toISOString();
    return { ...state, run: { ...state.run, created_at, epoch: `epoch-${this.#runsCreated}` } };
  }

  #eventsSince(runId: RunId, since: number): LiveEvent[] {
    const stored = this.#runs.get(runId);
    if (!stored) return [];
    const { run, rounds, clients } = stored.state;
    return [
      ...(run.updated_seq > since ? [runEvent(run)] : []),
      ...[...rounds.values()].filter((row) => row.updated_seq > since).map((row) => roundEvent(row, since)),
      ...[...clients.values()].filter((row) => row.updated_seq > since).map((row) => clientEvent(row, since)),
      ...stored.points.flatMap(({ seq, point }): LiveEvent[] => (seq > since ? [{ type: 'metric', data: point }] : [])),
      ...stored.logs.flatMap(({ seq, entry }): LiveEvent[] => (seq > since ? [{ type: 'log', data: entry }] : [])),
    ];
  }

  /** One consistent picture. */
  #read<T>(look: () => T): Promise<T> {
    if (!this.#isHolding) return Promise.resolve().then(look);
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    let picture: { readonly value: T } | undefined;
    const take = () => {
      picture ??= { value: look() };
      return picture.value;
    };
    this.#held.push({ look: take, answer: () => resolve(take()), fail: reject });
    return promise;
  }
}

const samePoint = (a: MetricPoint, b: MetricPoint): boolean =>
  a.name === b.name && a.client_id === b.client_id && a.step === b.step && a.round === b.round;
