import type { ClientId, ReporterId, RunId } from '@rondo/protocol';
import type { Db } from '../db/db.ts';
import { loadCommands } from '../db/queries/commands.ts';
import { loadClients, loadReporters, loadRounds, loadUpdates, openRounds } from '../db/queries/run-state.ts';
import { isOpen } from './command-facts.ts';
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
}

// Rounds are worked on one at a time; a few more for late answers.
const roundsPerRun = 8;
// Clients and client updates in all: about 300 bytes each.
const maxEntries = 400_000;

/**
 * The state of the runs that are being written, so that a hot run is not read again for every batch.
 *
 * It cannot be stale: a change to a run raises its seq under the run's lock, so what was kept at the locked row's seq is
 * what the database holds, whichever server wrote it.
 */
export class RunCache {
  readonly #runs = new Map<RunId, Cached>();

  /** The locked run's state with everything that `inputs` touch. */
  async load(db: Db, locked: RunRow, inputs: readonly Input[]): Promise<RunState> {
    const state = this.#current(locked) ?? (await emptyState(db, locked));
    const commands = new Map<string, CommandRow>();
    const loadNamed = async (ids: Iterable<string>) => {
      const missing = [...new Set(ids)].filter((id) => !commands.has(id));
      if (missing.length === 0) return;
      for (const row of await loadCommands(db, locked.run_id, missing)) commands.set(row.command_id, row);
    };
    await loadNamed(inputs.flatMap((input) => ('command_id' in input ? [input.command_id] : [])));
    const named = new Set<number>();
    for (const input of inputs) if (needsRound(input)) named.add(input.round);
    for (const { round } of commands.values()) if (round !== null) named.add(round);
    if (mayEndRun(inputs, commands)) for (const round of await openRounds(db, locked.run_id)) named.add(round);
    const wanted = [...named].filter((round) => !state.updates.has(round));
    if (wanted.length > 0) await loadInto(db, state, wanted);
    // What ends takes its open stop along.
    const stops = [state.run.stop, ...[...named].map((round) => state.rounds.get(round)?.stop ?? null)];
    await loadNamed(stops.filter(isOpen).map(({ command_id }) => command_id));
    this.#runs.delete(locked.run_id);
    this.#runs.set(locked.run_id, state);
    return { ...state, commands };
  }

  #current(locked: RunRow): Cached | undefined {
    const known = this.#runs.get(locked.run_id);
    const isCurrent = known?.run.epoch === locked.epoch && known.run.seq === locked.seq;
    return isCurrent ? known : undefined;
  }

  /** What a transaction that committed has changed. */
  apply(run: RunRow, changed: Pick<Reduction, 'rounds' | 'clients' | 'updates' | 'reporters'>): void {
    const { rounds, clients, updates, reporters } = changed;
    const state = this.#runs.get(run.run_id);
    if (!state) return;
    state.run = run;
    for (const [round, row] of rounds) state.rounds.set(round, row);
    for (const [id, row] of clients) state.clients.set(id, row);
    for (const [id, row] of reporters) state.reporters.set(id, row);
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
    this.#shrink();
  }

  /** All parts of a round; undefined where it is not kept. */
  partsOf(runId: RunId, round: number): UpdateRow[] | undefined {
    const parts = this.#runs.get(runId)?.updates.get(round);
    return parts && [...parts.values()];
  }

  forget(runIds: Iterable<RunId>): void {
    for (const id of runIds) this.#runs.delete(id);
  }

  /** Drops the runs that were written longest ago. */
  #shrink(): void {
    let entries = 0;
    for (const [id, state] of [...this.#runs].reverse()) {
      entries += state.clients.size;
      for (const rows of state.updates.values()) entries += rows.size;
      if (entries > maxEntries) this.#runs.delete(id);
    }
  }
}

const mayEndRun = (inputs: readonly Input[], commands: ReadonlyMap<string, CommandRow>): boolean =>
  inputs.some(({ type }) => type === 'run_complete' || type === 'run_ended') ||
  [...commands.values()].some(({ round }) => round === null);

const needsRound = (input: Input): input is Extract<Input, { round: number }> =>
  'round' in input && typeof input.round === 'number' && input.type !== 'metric' && input.type !== 'privacy_spent';

async function emptyState(db: Db, run: RunRow): Promise<Cached> {
  const clients = run.num_clients === 0 ? [] : await loadClients(db, run.run_id);
  const reporters = run.seq === 0 ? [] : await loadReporters(db, run.run_id);
  return {
    run,
    rounds: new Map(),
    updates: new Map(),
    clients: new Map(clients.map((row) => [row.client_id, row])),
    reporters: new Map(reporters.map((row) => [row.reporter_id, row])),
  };
}

async function loadInto(db: Db, state: Cached, wanted: number[]): Promise<void> {
  for (const round of wanted) state.updates.set(round, new Map());
  // Nothing above the newest round has been written yet.
  const written = wanted.filter((round) => state.run.current_round !== null && round <= state.run.current_round);
  if (written.length === 0) return;
  for (const row of await loadRounds(db, state.run.run_id, written)) state.rounds.set(row.round, row);
  for (const row of await loadUpdates(db, state.run.run_id, written))
    state.updates.get(row.round)?.set(row.client_id, row);
}
