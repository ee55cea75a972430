import type { ClientId, FactOf } from '@rondo/protocol';
import type { Draft } from './draft.ts';
import type { ClientRow, Notice } from './state.ts';

/** Sorts before every real fact, so the first status always wins. */
const never = '1900-01-01T00:00:00.000Z';

interface Sign {
  readonly client_id: ClientId;
  readonly at: string;
}

/** The known client, or a new one. */
export function clientOr(draft: Draft, { client_id, at }: Sign, receivedAt: string): ClientRow {
  const known = draft.client(client_id);
  if (known) return known;
  draft.setRun({ num_clients: draft.run.num_clients + 1 });
  return {
    run_id: draft.run.run_id,
    client_id,
    status: 'idle',
    status_at: never,
    joined_at: null,
    seen_at: at,
    last_heartbeat: receivedAt,
    dataset_size: null,
    current_round: null,
    round_outcome: null,
    progress: null,
    train_loss: null,
    is_online: true,
    labels: {},
    system: null,
    num_parts: 0,
    last_part: null,
    last_sample_count: null,
    created_seq: 0,
    updated_seq: 0,
  };
}

/** A sign of life, by the server's clock; it brings back a client that was offline, unless its leaving overtook it. [L4] */
export function alive(client: ClientRow, at: string, receivedAt: string): ClientRow {
  const seen: ClientRow = {
    ...client,
    last_heartbeat: receivedAt > client.last_heartbeat ? receivedAt : client.last_heartbeat,
    seen_at: at > client.seen_at ? at : client.seen_at,
  };
  if (client.status !== 'offline' || at <= client.status_at) return seen;
  // Moving `status_at` keeps earlier facts from counting again. [F2]
  return {
    ...seen,
    status: client.round_outcome === 'pending' ? 'training' : 'idle',
    status_at: at,
    is_online: true,
  };
}

/** A sign of life that says nothing else; one that is not newer than the last is a repetition. [F2] */
export function seeClient(draft: Draft, sign: Sign, receivedAt: string, system?: ClientRow['system']): boolean {
  const known = draft.client(sign.client_id);
  if (known && sign.at <= known.seen_at) return false;
  const client = alive(known ?? clientOr(draft, sign, receivedAt), sign.at, receivedAt);
  draft.setClient(system ? { ...client, system } : client);
  return true;
}

export function joinClient(draft: Draft, fact: FactOf<'client_joined'>, receivedAt: string): boolean {
  const known = draft.client(fact.client_id);
  if (known?.joined_at && fact.at <= known.joined_at) return false;
  const client = clientOr(draft, fact, receivedAt);
  const { dataset_size, labels, at } = fact;
  const joined = { ...client, joined_at: at, dataset_size: dataset_size ?? client.dataset_size, labels };
  draft.setClient(alive(joined, at, receivedAt));
  return true;
}

/** Clients that the framework holds connected are alive; a number that is needed is waited for. [L6] */
export function notePresence(draft: Draft, fact: FactOf<'client_presence'>, receivedAt: string): boolean {
  const { run } = draft;
  const { presence_at } = draft.wholeRun;
  if (presence_at !== null && fact.at <= presence_at) return false;
  for (const client_id of fact.client_ids ?? []) seeClient(draft, { client_id, at: fact.at }, receivedAt);
  const here = fact.num_connected ?? fact.client_ids?.length ?? null;
  const needed = fact.num_needed ?? 0;
  const isWaiting = needed > 0 && (here === null || here < needed) && run.status === 'running';
  draft.setQuiet({
    presence_at: fact.at,
    waiting: isWaiting ? { needed, here, since: draft.wholeRun.waiting?.since ?? fact.at } : null,
  });
  return true;
}

export function leaveClient(draft: Draft, fact: FactOf<'client_left'>, receivedAt: string): boolean {
  const client = clientOr(draft, fact, receivedAt);
  if (fact.at < client.seen_at || !supersedes(fact.at, 'offline', null, client)) return false;
  const left = { status: 'offline', status_at: fact.at, seen_at: fact.at, is_online: false, progress: null } as const;
  draft.setClient({ ...client, ...left });
  return true;
}

export function tellStatus(draft: Draft, fact: FactOf<'client_status'>, receivedAt: string): boolean {
  const known = draft.client(fact.client_id);
  const client = clientOr(draft, fact, receivedAt);
  const round = fact.round ?? client.current_round;
  const isOldRound = round !== null && client.current_round !== null && round < client.current_round;
  const isOffline = fact.status === 'offline';
  const isOvertaken = isOffline && fact.at < client.seen_at;
  if (known && (isOldRound || isOvertaken || !supersedes(fact.at, fact.status, fact.round, client))) return false;
  const isNewRound = round !== null && round !== client.current_round;
  const updated: ClientRow = {
    ...(isOffline ? { ...client, seen_at: fact.at } : alive(client, fact.at, receivedAt)),
    is_online: !isOffline,
    status: fact.status,
    status_at: fact.at,
    current_round: round,
    round_outcome: isNewRound ? null : client.round_outcome,
    progress: fact.progress ?? (isNewRound ? null : client.progress),
  };
  draft.setClient(updated);
  return true;
}

/** Silence by the server's clock. Its part in a round stays open: unreachable is not dead. [L4] */
export function markSilent(draft: Draft, notice: Extract<Notice, { type: 'client_silent' }>): boolean {
  const client = draft.client(notice.client_id);
  if (!client?.is_online || client.last_heartbeat > notice.silent_since) return false;
  draft.setClient({ ...client, status: 'offline', is_online: false });
  return true;
}

/** Statuses in the order in which they follow each other when their facts carry the same moment. */
const rank: Record<ClientRow['status'], number> = { training: 1, uploading: 2, idle: 3, failed: 3, offline: 4 };

/**
 * True if a fact at `at` may replace the client's status. The later one wins; at the same moment, going offline comes
 * last, a later round after an earlier one, and within a round the later step. A client's position in this order never
 * moves back, so no fact counts twice. [F3] [F2]
 */
export function supersedes(
  at: string,
  status: ClientRow['status'],
  round: number | null | undefined,
  client: ClientRow,
): boolean {
  if (at !== client.status_at) return at > client.status_at;
  const isOffline = status === 'offline';
  if (isOffline !== (client.status === 'offline')) return isOffline;
  const [ofFact, ofClient] = [round ?? -1, client.current_round ?? -1];
  if (ofFact !== ofClient) return ofFact > ofClient;
  return rank[status] > rank[client.status];
}
