import type { AttentionNews, ClientId, ReporterId } from '@rondo/protocol';
import type {
  ClientRow,
  CommandRow,
  LogRow,
  PointRow,
  Reduction,
  ReporterRow,
  RoundRow,
  RunRow,
  RunState,
  UpdateRow,
} from './state.ts';

/** The changes that a reduction collects over a state that it never touches. */
export class Draft {
  readonly #base: RunState;
  #run: RunRow;
  readonly #rounds = new Map<number, RoundRow>();
  readonly #clients = new Map<ClientId, ClientRow>();
  readonly #updates = new Map<number, Map<ClientId, UpdateRow>>();
  readonly #commands = new Map<string, CommandRow>();
  readonly #reporters = new Map<ReporterId, ReporterRow>();
  readonly #quiet: Partial<RunRow> = {};
  #replaced = 0;
  readonly points: (PointRow & { index: number })[] = [];
  readonly logs: (LogRow & { index: number })[] = [];
  readonly models: Reduction['models'][number][] = [];
  attention: AttentionNews | null = null;
  readonly #metricNames = new Set<string>();

  constructor(base: RunState) {
    this.#base = base;
    this.#run = base.run;
  }

  get run(): RunRow {
    return this.#run;
  }

  setRun(change: Partial<RunRow>): void {
    this.#run = { ...this.#run, ...change };
  }

  /** How many names the series of the run have. */
  get numMetricNames(): number {
    return (this.#base.metricNames?.size ?? 0) + this.#metricNames.size;
  }

  hasMetricName(name: string): boolean {
    return this.#metricNames.has(name) || (this.#base.metricNames?.has(name) ?? false);
  }

  noteMetricName(name: string): void {
    if (!this.hasMetricName(name)) this.#metricNames.add(name);
  }

  command(id: string): CommandRow | undefined {
    return this.#commands.get(id) ?? this.#base.commands.get(id);
  }

  setCommand(row: CommandRow): void {
    this.#commands.set(row.command_id, row);
  }

  round(round: number): RoundRow | undefined {
    return this.#rounds.get(round) ?? this.#base.rounds.get(round);
  }

  setRound(row: RoundRow): void {
    this.#rounds.set(row.round, row);
  }

  /** Every round that is known here, as it is by now. */
  *rounds(): Iterable<RoundRow> {
    for (const [round, row] of this.#base.rounds) if (!this.#rounds.has(round)) yield row;
    yield* [...this.#rounds.values()];
  }

  client(id: ClientId): ClientRow | undefined {
    return this.#clients.get(id) ?? this.#base.clients.get(id);
  }

  setClient(row: ClientRow): void {
    this.#clients.set(row.client_id, row);
  }

  update(round: number, id: ClientId): UpdateRow | undefined {
    return this.#updates.get(round)?.get(id) ?? this.#base.updates.get(round)?.get(id);
  }

  /** A client's part in the round as it is now, not in an attempt before. [L8] */
  part(round: number, id: ClientId): UpdateRow | undefined {
    const row = this.update(round, id);
    return row?.attempt === this.round(round)?.attempt ? row : undefined;
  }

  setUpdate(row: UpdateRow): void {
    const ofRound = this.#updates.get(row.round) ?? new Map<ClientId, UpdateRow>();
    this.#updates.set(row.round, ofRound.set(row.client_id, row));
  }

  /** Those of the round as it is now. */
  *partsOf(round: number): Iterable<UpdateRow> {
    const attempt = this.round(round)?.attempt;
    const changed = this.#updates.get(round);
    for (const [id, row] of this.#base.updates.get(round) ?? []) {
      if (!changed?.has(id) && row.attempt === attempt) yield row;
    }
    for (const row of [...(changed?.values() ?? [])]) if (row.attempt === attempt) yield row;
  }

  /** The parts of a round that are still open. */
  *pendingOf(round: number): Iterable<UpdateRow> {
    for (const row of this.partsOf(round)) if (row.outcome === 'pending') yield row;
  }

  *clients(): Iterable<ClientRow> {
    for (const [id, row] of this.#base.clients) if (!this.#clients.has(id)) yield row;
    yield* [...this.#clients.values()];
  }

  /** A later report took the place of a value. [F8] */
  noteReplaced(): void {
    this.#replaced += 1;
  }

  /** The reporter of the input that is being judged; undefined is not known. */
  reporter: ReporterId | undefined;

  reporterRow(id: ReporterId): ReporterRow | undefined {
    return this.#reporters.get(id) ?? this.#base.reporters.get(id);
  }

  setReporter(row: ReporterRow): void {
    this.#reporters.set(row.reporter_id, row);
  }

  /** Every reporter of the run. */
  reporters(): ReporterRow[] {
    return [...new Map([...this.#base.reporters, ...this.#reporters]).values()];
  }

  /** Changes of the run that a viewer does not see: they raise no news of it. */
  setQuiet(change: Partial<RunRow>): void {
    Object.assign(this.#quiet, change);
  }

  /** The run with what only the server sees. */
  get wholeRun(): RunRow {
    return { ...this.#run, ...this.#quiet };
  }

  /** The rounds that changed, with what they were. */
  *changedRounds(): Iterable<readonly [before: RoundRow | undefined, after: RoundRow]> {
    for (const [round, row] of this.#rounds) yield [this.#base.rounds.get(round), row];
  }

  finish(duplicates: ReadonlySet<number>): Omit<Reduction, 'refused'> {
    return {
      run: this.#run === this.#base.run ? null : this.#run,
      quiet: this.#quiet,
      replaced: this.#replaced,
      reporters: this.#reporters,
      rounds: this.#rounds,
      clients: this.#clients,
      updates: this.#updates,
      points: this.points,
      metricNames: this.#metricNames,
      logs: this.logs,
      commands: this.#commands,
      models: this.models,
      attention: this.attention,
      duplicates,
    };
  }
}
