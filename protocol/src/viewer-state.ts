import type { Client, HistoryPoint, LogEntry, MetricPoint, Model, Round, Run } from './entities.ts';
import type { AttentionNews } from './http/attention.ts';
import { limits } from './limits.ts';
import type { BatchMessage, EmptySnapshotMessage, LiveEvent, SnapshotMessage } from './socket.ts';

/**
 * A viewer's state of one run: the database's state at `seq`, bounded like a snapshot. [V1]
 *
 *   (nothing) ──snapshot──▶ state@seq ──batch{from_seq = seq}──▶ state@seq' ──▶ …
 *                              ▲                │ from_seq ≠ seq: a gap, reconnect with (epoch, seq)
 *                              └────snapshot────┘
 */
export interface ViewerState {
  readonly run_id: string | null;
  readonly epoch: string | null;
  readonly seq: number;
  readonly run: Run | null;
  /** By round number. */
  readonly rounds: Readonly<Record<number, Round>>;
  /** By client id. */
  readonly clients: Readonly<Record<string, Client>>;
  /** By version. */
  readonly models: Readonly<Record<string, Model>>;
  /** The latest of the server's own metrics, by name. */
  readonly metrics: Readonly<Record<string, MetricPoint>>;
  /** One point per round, oldest first. */
  readonly metrics_history: readonly HistoryPoint[];
  /** Oldest first. */
  readonly logs: readonly LogEntry[];
  /** The attention list; null until there is one. */
  readonly attention: AttentionNews | null;
}

/** Without a prototype: a client or a metric may be called `__proto__` or `constructor`. [V7] */
const noRecord = <T>(): Record<string | number, T> => Object.create(null);

export const emptyViewerState: ViewerState = {
  run_id: null,
  epoch: null,
  seq: 0,
  run: null,
  rounds: noRecord(),
  clients: noRecord(),
  models: noRecord(),
  metrics: noRecord(),
  metrics_history: [],
  logs: [],
  attention: null,
};

/** The state that a snapshot describes; it replaces whatever was known. [V2] */
export function fromSnapshot({ run_id, epoch, seq, data }: SnapshotMessage | EmptySnapshotMessage): ViewerState {
  return {
    run_id,
    epoch,
    seq,
    run: data.run,
    rounds: keyed(data.rounds, (round) => round.round),
    clients: keyed(data.clients, (client) => client.client_id),
    models: keyed(data.models, (model) => model.version),
    metrics: keyed(data.metrics, (point) => point.name),
    metrics_history: data.metrics_history,
    logs: data.logs,
    attention: data.attention ?? null,
  };
}

/**
 * The state after a batch, or `'gap'` when the batch does not continue this state. [V3] [V4]
 *
 * Pure. Whatever the batch does not change keeps its reference; a batch that was already applied returns `state` itself.
 */
export function applyBatch(state: ViewerState, batch: BatchMessage): ViewerState | 'gap' {
  if (batch.run_id !== state.run_id) return 'gap';
  if (batch.seq <= state.seq) return state;
  if (batch.from_seq !== state.seq) return 'gap';
  const draft = new ViewerDraft(state);
  for (const event of batch.events) draft.apply(event);
  return draft.finish(batch.seq);
}

/** Copies each collection on its first write, so that many events cost one copy. */
class ViewerDraft {
  readonly #base: ViewerState;
  #run: Run | null;
  #rounds: Record<number, Round> | undefined;
  #clients: Record<string, Client> | undefined;
  #models: Record<string, Model> | undefined;
  #metrics: Record<string, MetricPoint> | undefined;
  #history: HistoryPoint[] | undefined;
  #logs: LogEntry[] | undefined;
  #attention: AttentionNews | null;

  constructor(base: ViewerState) {
    this.#base = base;
    this.#run = base.run;
    this.#attention = base.attention;
  }

  apply(event: LiveEvent): void {
    switch (event.type) {
      case 'run_update':
        this.#run = event.data;
        return;
      case 'round_started':
      case 'round_update':
      case 'round_complete':
        this.#rounds ??= copyOf(this.#base.rounds);
        this.#rounds[event.data.round] = event.data;
        this.#upsertHistory(event.data);
        return;
      case 'client_joined':
      case 'client_update':
        this.#clients ??= copyOf(this.#base.clients);
        this.#clients[event.data.client_id] = event.data;
        return;
      case 'model_saved':
        this.#models ??= copyOf(this.#base.models);
        this.#models[event.data.version] = event.data;
        return;
      case 'model_deleted':
        this.#deleteModel(event.data.version);
        return;
      case 'metric':
        this.#upsertMetric(event.data);
        return;
      case 'log':
        this.#upsertLog(event.data);
        return;
      case 'attention':
        this.#attention = event.data;
        return;
      default:
        // A newer server may send types that this viewer does not know. [V5]
        event satisfies never;
    }
  }

  #upsertHistory({ round, global_loss: loss, global_accuracy: accuracy }: Round): void {
    const before = this.#history ?? this.#base.metrics_history;
    // From the end: news is nearly always about the newest round.
    let at = before.length;
    while (at > 0 && (before[at - 1] as HistoryPoint).round > round) at--;
    const known = before[at - 1]?.round === round ? before[at - 1] : undefined;
    if (loss === null && accuracy === null) {
      if (known) this.#writableHistory().splice(at - 1, 1);
      return;
    }
    if (known?.loss === loss && known?.accuracy === accuracy) return;
    if (known) this.#writableHistory()[at - 1] = { round, loss, accuracy };
    else this.#writableHistory().splice(at, 0, { round, loss, accuracy });
  }

  #writableHistory(): HistoryPoint[] {
    this.#history ??= [...this.#base.metrics_history];
    return this.#history;
  }

  #deleteModel(version: string): void {
    if (!Object.hasOwn(this.#models ?? this.#base.models, version)) return;
    this.#models ??= copyOf(this.#base.models);
    delete this.#models[version];
  }

  #upsertMetric(point: MetricPoint): void {
    if (point.client_id !== null) return;
    const known = (this.#metrics ?? this.#base.metrics)[point.name];
    if (known && !isLatestPoint(point, known)) return;
    this.#metrics ??= copyOf(this.#base.metrics);
    this.#metrics[point.name] = point;
  }

  #upsertLog(entry: LogEntry): void {
    this.#logs ??= [...this.#base.logs];
    const at = this.#logs.findLastIndex((known) => known.log_id <= entry.log_id);
    const known = this.#logs[at];
    if (known?.log_id === entry.log_id) this.#logs[at] = entry;
    else this.#logs.splice(at + 1, 0, entry);
  }

  finish(seq: number): ViewerState {
    const base = this.#base;
    return {
      run_id: base.run_id,
      epoch: base.epoch,
      seq,
      run: this.#run,
      rounds: this.#rounds ? newest(this.#rounds, limits.snapshotRounds) : base.rounds,
      clients: this.#clients ?? base.clients,
      models: this.#models ? newestModels(this.#models) : base.models,
      metrics: this.#metrics ?? base.metrics,
      metrics_history: this.#history?.slice(-limits.historyPoints) ?? base.metrics_history,
      logs: this.#logs?.slice(-limits.snapshotLogs) ?? base.logs,
      attention: this.#attention,
    };
  }
}

/** True if a point replaces another as the latest of its series: the later step, then the later moment. [F8] */
export function isLatestPoint(point: PointPlace, known: PointPlace): boolean {
  if (point.step !== known.step) return point.step > known.step;
  if (point.at !== known.at) return point.at > known.at;
  return (point.round ?? -1) >= (known.round ?? -1);
}

type PointPlace = Pick<MetricPoint, 'step' | 'at' | 'round'>;

const copyOf = <T>(record: Readonly<Record<string | number, T>>): Record<string | number, T> =>
  Object.assign(noRecord<T>(), record);

function keyed<T>(items: readonly T[], keyOf: (item: T) => string | number): Record<string | number, T> {
  const record: Record<string | number, T> = noRecord();
  for (const item of items) record[keyOf(item)] = item;
  return record;
}

function newestModels(models: Record<string, Model>): Record<string, Model> {
  const all = Object.values(models);
  if (all.length <= limits.snapshotModels) return models;
  all.sort((a, b) => b.created_at.localeCompare(a.created_at) || (a.version < b.version ? 1 : -1));
  return keyed(all.slice(0, limits.snapshotModels), (model) => model.version);
}

/** Integer keys of an object come in rising order, so the oldest rounds are the first. */
function newest(rounds: Record<number, Round>, count: number): Record<number, Round> {
  const keys = Object.keys(rounds);
  for (const key of keys.slice(0, Math.max(0, keys.length - count))) delete rounds[Number(key)];
  return rounds;
}
