import type { ClientId } from '@rondo/protocol';
import type {
  ClientRow,
  CommandRow,
  LogRow,
  PointRow,
  Reduction,
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
  #workedAt: string | null;
  readonly points: (PointRow & { index: number })[] = [];
  readonly logs: (LogRow & { index: number })[] = [];
  readonly models: Reduction['models'][number][] = [];

  constructor(base: RunState) {
    this.#base = base;
    this.#run = base.run;
    this.#workedAt = base.run.worked_at;
  }

  get run(): RunRow {
    return this.#run;
  }

  setRun(change: Partial<RunRow>): void {
    this.#run = { ...this.#run, ...change };
  }

  /** When the newest work of the run happened. */
  get workedAt(): string | null {
    return this.#workedAt;
  }

  noteWork(at: string): void {
    if (this.#workedAt === null || at > this.#workedAt) this.#workedAt = at;
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

  setUpdate(row: UpdateRow): void {
    const ofRound = this.#updates.get(row.round) ?? new Map<ClientId, UpdateRow>();
    this.#updates.set(row.round, ofRound.set(row.client_id, row));
  }

  /** The parts of a round that are still open. */
  *pendingOf(round: number): Iterable<UpdateRow> {
    const changed = this.#updates.get(round);
    for (const [id, row] of this.#base.updates.get(round) ?? []) {
      if (!changed?.has(id) && row.outcome === 'pending') yield row;
    }
    for (const row of [...(changed?.values() ?? [])]) if (row.outcome === 'pending') yield row;
  }

  finish(duplicates: ReadonlySet<number>): Reduction {
    return {
      run: this.#run === this.#base.run ? null : this.#run,
      worked_at: this.#workedAt,
      rounds: this.#rounds,
      clients: this.#clients,
      updates: this.#updates,
      points: this.points,
      logs: this.logs,
      commands: this.#commands,
      models: this.models,
      duplicates,
    };
  }
}
