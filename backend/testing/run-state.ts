import type { ClientId, RunId } from '@rondo/protocol';
import { reduce } from '../src/ingest/reduce.ts';
import { unknownRun } from '../src/ingest/run-facts.ts';
import type { ClientRow, Input, Reduction, RoundRow, RunState, UpdateRow } from '../src/ingest/state.ts';

/** The server's clock, where a test does not care. */
export const noon = '2026-01-31T12:00:00.000Z';

/** A run of which nothing has been said. */
export const emptyState = (run_id: RunId, at = noon): RunState => ({
  run: unknownRun(run_id, at, 'an-epoch'),
  rounds: new Map(),
  clients: new Map(),
  updates: new Map(),
  commands: new Map(),
  reporters: new Map(),
});

/** The state with the rows of a reduction in place of its own, as the database and the cache keep them. */
export function fold(
  state: RunState,
  { run, quiet, replaced, rounds, clients, updates, commands, reporters }: Reduction,
): RunState {
  const allUpdates = new Map(state.updates);
  for (const [round, rows] of updates) allUpdates.set(round, new Map([...(state.updates.get(round) ?? []), ...rows]));
  const news = replaced > 0 && { num_values_replaced: state.run.num_values_replaced + replaced };
  const isQuiet = Object.keys(quiet).length === 0 && !news;
  return {
    run: isQuiet ? (run ?? state.run) : { ...(run ?? state.run), ...quiet, ...news },
    rounds: new Map([...state.rounds, ...rounds]),
    clients: new Map([...state.clients, ...clients]),
    updates: allUpdates,
    commands: new Map([...state.commands, ...commands]),
    reporters: new Map([...state.reporters, ...reporters]),
  };
}

/** The state after each piece of a stream in its turn. */
export const foldPieces = (state: RunState, pieces: readonly (readonly Input[])[], receivedAt = noon): RunState =>
  pieces.reduce((before, piece) => fold(before, reduce(before, piece, receivedAt)), state);

/** The state after a stream of inputs, reduced in one piece. */
export function reduced(inputs: readonly Input[], receivedAt = noon) {
  const [first] = inputs;
  if (!first) throw new Error('no inputs');
  return look(foldPieces(emptyState(first.run_id), [inputs], receivedAt));
}

/** The rows of a state by their short names. */
export const look = (state: RunState) => ({
  state,
  run: state.run,
  round: (round: number): RoundRow => there(state.rounds.get(round), `round ${round}`),
  client: (id: string): ClientRow => there(state.clients.get(id as ClientId), `client ${id}`),
  update: (round: number, id: string): UpdateRow =>
    there(state.updates.get(round)?.get(id as ClientId), `update of ${id} in round ${round}`),
  /** The state after another piece. */
  next: (inputs: readonly Input[], receivedAt = noon) => look(foldPieces(state, [inputs], receivedAt)),
});

function there<T>(row: T | undefined, name: string): T {
  if (!row) throw new Error(`there is no ${name}`);
  return row;
}
