import type { ClientUpdate, HistoryPoint, Round, Run } from '../entities.ts';
import { limits } from '../limits.ts';
import { isRoundOver, medianRoundMs } from '../selectors.ts';
import type { ViewerState } from '../viewer-state.ts';
import { attentionAt } from './attention-at.ts';
import { rewindClients } from './clients-at.ts';
import type { Past } from './past.ts';
import { rewindRound, stopStateAt } from './round-at.ts';

/**
 * A viewer's state as it was at a moment, from the present one and what is stored. `updates` are the parts of the round
 * that was current then and of the others that were open. Pure; nothing in it is later than the moment. [G19]
 */
export function rewind(
  present: ViewerState,
  past: Past,
  updates: ReadonlyMap<number, readonly ClientUpdate[]>,
  atMs: number,
): ViewerState {
  const { run } = present;
  if (run === null || (run.completed_at !== null && Date.parse(run.completed_at) <= atMs)) return present;
  const rounds = roundsAt(past, updates, atMs);
  const clients = rewindClients(present.clients, past, rounds.at(-1), updates, atMs);
  const isOver = new Map(rounds.map((round) => [round.round, isRoundOver(round)]));
  return {
    ...present,
    run: rewindRun(run, rounds, Object.keys(clients).length, atMs),
    rounds: keyed(rounds.slice(-limits.snapshotRounds), ({ round }) => round),
    clients,
    models: keyed(
      Object.values(present.models)
        .filter(({ created_at }) => Date.parse(created_at) <= atMs)
        .map((model) => {
          const isRoundKnown = model.round === null || isOver.get(model.round) === true;
          return { ...model, metrics: isRoundKnown ? model.metrics : {}, aliases: [] };
        }),
      ({ version }) => version,
    ),
    metrics: keyed(
      Object.values(present.metrics).filter(({ at }) => Date.parse(at) <= atMs),
      ({ name }) => name,
    ),
    metrics_history: rounds.flatMap(historyOf).slice(-limits.historyPoints),
    logs: present.logs.filter(({ at }) => Date.parse(at) <= atMs),
    attention: attentionAt(past.episodes, present.run_id, rounds),
  };
}

/** Every round that had started by the moment, oldest first; a viewer's state has only the newest. */
export const roundsAt = (
  past: Past,
  updates: ReadonlyMap<number, readonly ClientUpdate[]>,
  atMs: number,
): readonly Round[] => past.rounds.flatMap((round) => rewindRound(round, past, updates.get(round.round), atMs) ?? []);

/** A reply to a stop that the moment precedes. A multiple of the median round time makes a round overdue. [L7] */
const overdueMedians = 3;

function rewindRun(run: Run, rounds: readonly Round[], numClients: number, atMs: number): Run {
  const current = rounds.at(-1);
  return {
    ...run,
    status: 'running',
    reason: null,
    completed_at: null,
    current_round: current?.round ?? null,
    num_clients: numClients,
    stop: stopStateAt(run.stop, atMs),
    last_reported_at: null,
    condition: conditionAt(rounds, atMs),
  };
}

function conditionAt(rounds: readonly Round[], atMs: number): Run['condition'] {
  const current = rounds.at(-1);
  if (current === undefined || isRoundOver(current)) return null;
  const median = medianRoundMs([...rounds].reverse());
  const byMedian = median === null ? null : Date.parse(current.started_at) + overdueMedians * median;
  const due = current.deadline === null ? byMedian : Date.parse(current.deadline);
  if (due === null || atMs <= due) return null;
  const detail = `round ${current.round} was past ${current.deadline === null ? `${overdueMedians}× the median round` : 'its deadline'}`;
  return { state: 'overdue', since: new Date(due).toISOString(), detail };
}

function historyOf(round: Round): HistoryPoint[] {
  const { global_loss: loss, global_accuracy: accuracy } = round;
  return isRoundOver(round) && (loss !== null || accuracy !== null) ? [{ round: round.round, loss, accuracy }] : [];
}

function keyed<T>(items: readonly T[], keyOf: (item: T) => string | number): Record<string | number, T> {
  const record: Record<string | number, T> = Object.create(null);
  for (const item of items) record[keyOf(item)] = item;
  return record;
}
