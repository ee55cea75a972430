import type { ClientId, ReporterId, RunId } from '@rondo/protocol';
import type { Db } from '../db/db.ts';
import { loadCommands } from '../db/queries/commands.ts';
import { seriesNames } from '../db/queries/metric-names.ts';
import {
  loadClients,
  loadNamedClients,
  loadReporters,
  loadRounds,
  loadUpdates,
  openRounds,
} from '../db/queries/run-state.ts';
import { isOpen } from './command-facts.ts';
import { metricNamesOf } from './metric-names-of.ts';
import type {
  ClientRow,
  CommandRow,
  Input,
  Reduction,
  ReporterRow,
  RoundRow,
  RunRow,
  RunState,
  UpdateRow,
} from './state.ts';

interface Cached extends Omit<RunState, 'commands'> {
  run: RunRow;
  readonly rounds: Map<number, RoundRow>;
  readonly clients: Map<ClientId, ClientRow>;
  readonly updates: Map<number, Map<ClientId, UpdateRow>>;
  readonly reporters: Map<ReporterId, ReporterRow>;
  metricNames: Set<string> | undefined;
  /** The numbers of all rounds, if they are known to be no others: a run that was created here. */
  numbers: Set<number> | undefined;
}

/** A locked run, and the changes to be stored. */
interface Work {
  readonly before: RunRow;
  readonly inputs: readonly Input[];
}

// Rounds are worked on one at a time; a few more for late answers.
const roundsPerRun = 8;
// Numbers of rounds of a run.
const maxNumbers = 10_000;
// Clients and client updates in all: about 600 bytes each.
const maxEntries = 400_000;
// More are not loaded for what the server itself has to say of a run.
const fewClients = 1_000;
/** The fixed cost of a run, in such entries. */
const entriesPerRun = 10;

/**
 * The state of the runs that are being written, so that a hot run is not read again for every batch.
 *
 * It cannot be stale: a change to a run raises its seq under the run's lock, so what was kept at the locked row's seq is
 * what the database holds, whichever server wrote it. While a transaction is being stored it is ahead of the database by
 * that transaction, and forgets the transaction's runs if it fails.
 */
export class RunCache {
  readonly #runs = new Map<RunId, Cached>();

  /** The states of the locked runs with everything that their inputs touch. As many statements for many runs as for one. */
  async load(db: Db, works: readonly Work[]): Promise<RunState[]> {
    const states = await this.#states(db, works);
    const loads = works.map(
      (work, index) => new Load(work.before, work.inputs, states[index] as Cached, this.#isPartial(work)),
    );
    await loadNamedCommands(db, loads);
    await nameOpenRounds(db, loads);
    await loadNamedRounds(db, loads);
    await loadNames(db, loads);
    for (const load of loads) load.nameStops();
    await loadNamedCommands(db, loads);
    for (const { run, state, isPartial } of loads) {
      this.#runs.delete(run.run_id);
      if (!isPartial) this.#runs.set(run.run_id, state);
    }
    return loads.map(({ state, commands }) => ({ ...state, commands }));
  }

  /** The row of a run as it will be locked next, unless another server writes it. */
  rowOf(runId: RunId): RunRow | undefined {
    return this.#runs.get(runId)?.run;
  }

  /** As `load`, of what is in memory; undefined if anything is not. */
  known(works: readonly Work[]): RunState[] | undefined {
    const loads: Load[] = [];
    for (const { before, inputs } of works) {
      const state = this.#current(before);
      if (!state) return undefined;
      const load = new Load(before, inputs, state);
      if (load.needsDatabase) return undefined;
      loads.push(load);
    }
    for (const { rounds, state } of loads)
      for (const round of rounds) if (!state.updates.has(round)) state.updates.set(round, new Map());
    return loads.map(({ state, commands }) => ({ ...state, commands }));
  }

  async #states(db: Db, works: readonly Work[]): Promise<Cached[]> {
    const states = works.map(({ before }) => this.#current(before) ?? emptyState(before));
    const unread = states.filter((state) => !this.#isCurrent(state));
    const byRun = new Map(unread.map((state) => [state.run.run_id, state]));
    const idsWhere = (has: (run: RunRow) => boolean) => unread.flatMap(({ run }) => (has(run) ? [run.run_id] : []));
    const partial = works.filter((work) => this.#isPartial(work));
    const isPartial = new Set(partial.map(({ before }) => before.run_id));
    const clients = await loadClients(
      db,
      idsWhere(({ run_id, num_clients }) => num_clients > 0 && !isPartial.has(run_id)),
    );
    const named = await loadNamedClients(
      db,
      partial.flatMap(({ inputs }) => inputs.flatMap((input) => (input.type === 'client_silent' ? [input] : []))),
    );
    for (const row of [...clients, ...named]) byRun.get(row.run_id)?.clients.set(row.client_id, row);
    const reporters = await loadReporters(
      db,
      idsWhere(({ seq }) => seq > 0),
    );
    for (const row of reporters) byRun.get(row.run_id)?.reporters.set(row.reporter_id, row);
    return states;
  }

  #current(locked: RunRow): Cached | undefined {
    const known = this.#runs.get(locked.run_id);
    const isCurrent = known?.run.epoch === locked.epoch && known.run.seq === locked.seq;
    return isCurrent ? known : undefined;
  }

  /** A run that is not in memory, and whose inputs touch no clients but those that they name: it is not kept either. */
  #isPartial({ before, inputs }: Work): boolean {
    return this.#current(before) === undefined && before.num_clients > fewClients && inputs.every(isPartial);
  }

  #isCurrent(state: Cached): boolean {
    return this.#runs.get(state.run.run_id) === state;
  }

  /** The changes of a transaction, before or after its commit. */
  apply(run: RunRow, changed: Pick<Reduction, 'rounds' | 'clients' | 'updates' | 'reporters' | 'metricNames'>): void {
    const { rounds, clients, updates, reporters, metricNames } = changed;
    const state = this.#runs.get(run.run_id);
    if (!state) return;
    state.run = run;
    for (const [round, row] of rounds) {
      state.rounds.set(round, row);
      state.numbers?.add(round);
    }
    if (state.numbers && state.numbers.size > maxNumbers) state.numbers = undefined;
    for (const [id, row] of clients) state.clients.set(id, row);
    for (const [id, row] of reporters) state.reporters.set(id, row);
    if (state.metricNames) for (const name of metricNames) state.metricNames.add(name);
    for (const [round, rows] of updates) {
      const known = state.updates.get(round) ?? new Map<ClientId, UpdateRow>();
      for (const [id, row] of rows) known.set(id, row);
      state.updates.delete(round);
      state.updates.set(round, known);
    }
    for (const round of [...state.updates.keys()].slice(0, -roundsPerRun)) {
      state.updates.delete(round);
      state.rounds.delete(round);
    }
  }

  /** The ids that the database gave to new rounds. */
  nameRounds(runId: RunId, named: ReadonlyMap<number, RoundRow>): void {
    const rounds = this.#runs.get(runId)?.rounds;
    for (const [round, { round_id }] of named) {
      const row = rounds?.get(round);
      if (row && row.round_id !== round_id) rounds?.set(round, { ...row, round_id });
    }
  }

  /** All parts of a round; undefined where it is not kept. */
  partsOf(runId: RunId, round: number): UpdateRow[] | undefined {
    const parts = this.#runs.get(runId)?.updates.get(round);
    return parts && [...parts.values()];
  }

  forget(runIds: Iterable<RunId>): void {
    for (const id of runIds) this.#runs.delete(id);
  }

  /** Drops the runs that were written longest ago; the last one stays, because more of it may be about to come. */
  shrink(): void {
    let entries = 0;
    let isLast = true;
    for (const [id, state] of [...this.#runs].reverse()) {
      entries += entriesPerRun + state.clients.size + (state.metricNames?.size ?? 0) + (state.numbers?.size ?? 0);
      for (const rows of state.updates.values()) entries += rows.size;
      if (entries > maxEntries && !isLast) this.#runs.delete(id);
      isLast = false;
    }
  }
}

/** The parts of a run that must be loaded, and those that are loaded. */
class Load {
  readonly run: RunRow;
  readonly inputs: readonly Input[];
  readonly state: Cached;
  readonly isPartial: boolean;
  readonly commands = new Map<string, CommandRow>();
  readonly rounds = new Set<number>();
  commandIds: string[];

  constructor(run: RunRow, inputs: readonly Input[], state: Cached, isPartial = false) {
    this.run = run;
    this.inputs = inputs;
    this.state = state;
    this.isPartial = isPartial;
    this.commandIds = inputs.flatMap((input) => ('command_id' in input ? [input.command_id] : []));
    for (const input of inputs) if (needsRound(input)) this.rounds.add(input.round);
  }

  get needsDatabase(): boolean {
    const { run, rounds, state, inputs } = this;
    const isUnread = (round: number) => !state.updates.has(round) && mayExist(state, round);
    const mayStop = [run.stop, ...[...rounds].map((round) => state.rounds.get(round)?.stop ?? null)].some(isOpen);
    const mayName = !state.metricNames && inputs.some((input) => metricNamesOf(input).length > 0);
    return this.commandIds.length > 0 || this.mayEnd || mayStop || mayName || [...rounds].some(isUnread);
  }

  get mayEnd(): boolean {
    return (
      this.run.seq > 0 &&
      (this.inputs.some(({ type }) => type === 'run_complete' || type === 'run_ended') ||
        [...this.commands.values()].some(({ round }) => round === null))
    );
  }

  /** An end also closes the open stop. */
  nameStops(): void {
    const stops = [this.state.run.stop, ...[...this.rounds].map((round) => this.state.rounds.get(round)?.stop ?? null)];
    this.commandIds = stops.filter(isOpen).map(({ command_id }) => command_id);
  }
}

async function loadNamedCommands(db: Db, loads: readonly Load[]): Promise<void> {
  const asking = loads.filter(({ commandIds, commands }) => commandIds.some((id) => !commands.has(id)));
  const ids = new Set(asking.flatMap(({ commandIds }) => commandIds));
  const runIds = asking.map(({ run }) => run.run_id);
  const byRun = new Map(asking.map((load) => [load.run.run_id, load]));
  for (const row of await loadCommands(db, runIds, [...ids])) {
    const load = byRun.get(row.run_id);
    if (load?.commandIds.includes(row.command_id)) load.commands.set(row.command_id, row);
  }
}

async function nameOpenRounds(db: Db, loads: readonly Load[]): Promise<void> {
  for (const { commands, rounds } of loads)
    for (const { round } of commands.values()) if (round !== null) rounds.add(round);
  const ending = new Map(loads.filter(({ mayEnd }) => mayEnd).map((load) => [load.run.run_id, load]));
  for (const { run_id, round } of await openRounds(db, [...ending.keys()])) ending.get(run_id)?.rounds.add(round);
}

async function loadNamedRounds(db: Db, loads: readonly Load[]): Promise<void> {
  const written = new Map<RunId, number[]>();
  const byRun = new Map(loads.map(({ run, state }) => [run.run_id, state]));
  for (const { run, rounds, state } of loads) {
    const wanted = [...rounds].filter((round) => !state.updates.has(round));
    for (const round of wanted) state.updates.set(round, new Map());
    const old = wanted.filter((round) => mayExist(state, round));
    if (old.length > 0) written.set(run.run_id, old);
  }
  for (const row of await loadRounds(db, written)) byRun.get(row.run_id)?.rounds.set(row.round, row);
  for (const row of await loadUpdates(db, written))
    byRun.get(row.run_id)?.updates.get(row.round)?.set(row.client_id, row);
}

async function loadNames(db: Db, loads: readonly Load[]): Promise<void> {
  const missing = loads.filter(
    ({ state, inputs }) => !state.metricNames && inputs.some((input) => metricNamesOf(input).length > 0),
  );
  for (const { state } of missing) state.metricNames = new Set();
  const written = missing.filter(({ run }) => run.seq > 0).map(({ run }) => run.run_id);
  const byRun = new Map(missing.map(({ run, state }) => [run.run_id, state]));
  for (const { run_id, name } of await seriesNames(db, written)) byRun.get(run_id)?.metricNames?.add(name);
}

/** Whether the database may have a round that is not in memory. */
const mayExist = ({ run, numbers }: Cached, round: number): boolean =>
  numbers ? numbers.has(round) : run.current_round !== null && round <= run.current_round;

const isPartial = ({ type }: Input): boolean =>
  type === 'client_silent' || type === 'condition_due' || type === 'reporter_heard';

const needsRound = (input: Input): input is Extract<Input, { round: number }> =>
  'round' in input && typeof input.round === 'number' && input.type !== 'metric' && input.type !== 'privacy_spent';

const emptyState = (run: RunRow): Cached => ({
  run,
  rounds: new Map(),
  updates: new Map(),
  clients: new Map(),
  reporters: new Map(),
  metricNames: undefined,
  numbers: run.seq === 0 ? new Set() : undefined,
});
