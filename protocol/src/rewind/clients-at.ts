import type { Client, ClientUpdate, Outcome, Round } from '../entities.ts';
import type { Matrix } from '../http/matrix-codec.ts';
import { outcomeCodes } from '../http/matrix-codec.ts';
import type { ViewerState } from '../viewer-state.ts';
import type { Past } from './past.ts';
import { isPast } from './past.ts';
import { outcomeAt } from './round-at.ts';

export function rewindClients(
  present: ViewerState['clients'],
  past: Past,
  current: Round | undefined,
  updates: ReadonlyMap<number, readonly ClientUpdate[]>,
  atMs: number,
): ViewerState['clients'] {
  const parts = new Map<string, ClientUpdate>();
  if (current !== undefined) {
    for (const part of updates.get(current.round) ?? [])
      if (part.attempt === current.attempt) parts.set(part.client_id, part);
  }
  const before = lastOutcomes(past.outcomes, current?.round ?? Number.NEGATIVE_INFINITY);
  const startOf = new Map(past.rounds.map(({ round, started_at }) => [round, started_at]));
  const clients: Record<string, Client> = Object.create(null);
  for (const client of Object.values(present)) {
    const id = client.client_id;
    const part = parts.get(id);
    const joined = past.joinedAt.get(id);
    const earlier = before.get(id);
    const isJoined = joined !== undefined && joined <= atMs;
    if (part !== undefined && current !== undefined) clients[id] = inRound(client, part, current, atMs);
    else if (earlier !== undefined) {
      const since = startOf.get(earlier.round) ?? client.last_heartbeat;
      clients[id] = atRest(client, earlier.round, earlier.outcome, earliest(since, atMs));
    } else if (isJoined) clients[id] = atRest(client, null, null, new Date(joined).toISOString());
  }
  return clients;
}

const earliest = (moment: string, atMs: number): string =>
  Date.parse(moment) <= atMs ? moment : new Date(atMs).toISOString();

/** Presence, progress and load have no history. */
const unknown = { is_online: true, progress: null, system: null } as const;

function inRound(client: Client, part: ClientUpdate, { round, started_at, completed_at }: Round, atMs: number): Client {
  const outcome = outcomeAt(part, completed_at, atMs);
  const isKnown = outcome !== 'pending' && isPast(part.submitted_at, atMs);
  return {
    ...client,
    ...unknown,
    status: outcome === 'pending' ? 'training' : outcome === 'failed' ? 'failed' : 'idle',
    current_round: round,
    round_outcome: outcome,
    train_loss: isKnown ? part.train_loss : null,
    last_heartbeat: isKnown && part.submitted_at !== null ? part.submitted_at : started_at,
  };
}

const atRest = (client: Client, round: number | null, outcome: Outcome | null, since: string): Client => ({
  ...client,
  ...unknown,
  status: outcome === 'failed' ? 'failed' : 'idle',
  current_round: round,
  round_outcome: outcome,
  train_loss: null,
  last_heartbeat: since,
});

const outcomeOfCode = new Map<number, Outcome>(
  Object.entries(outcomeCodes).map(([outcome, code]) => [code, outcome as Outcome]),
);

interface LastOutcome {
  readonly round: number;
  readonly outcome: Outcome;
}

/** The last part of each client in a round before this one. */
function lastOutcomes(outcomes: Matrix | null, before: number): ReadonlyMap<string, LastOutcome> {
  const found = new Map<string, LastOutcome>();
  if (outcomes === null) return found;
  const { rounds, client_ids, cells } = outcomes;
  for (let column = rounds.length - 1; column >= 0 && found.size < client_ids.length; column--) {
    const round = rounds[column] as number;
    if (round >= before) continue;
    for (let row = 0; row < client_ids.length; row++) {
      const outcome = outcomeOfCode.get(cells[column * client_ids.length + row] as number);
      const id = client_ids[row] as string;
      if (outcome !== undefined && !found.has(id)) found.set(id, { round, outcome });
    }
  }
  return found;
}
