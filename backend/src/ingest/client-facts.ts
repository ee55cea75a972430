import type { ClientId, FactOf } from '@rondo/protocol';
import type { Draft } from './draft.ts';
import type { ClientRow, Notice } from './state.ts';

interface Sign {
  readonly client_id: ClientId;
  readonly at: string;
}

/** The client as known, or as it is when first heard of. */
export function clientOr(draft: Draft, { client_id, at }: Sign, receivedAt: string): ClientRow {
  const known = draft.client(client_id);
  if (known) return known;
  draft.setRun({ num_clients: draft.run.num_clients + 1 });
  return {
    run_id: draft.run.run_id,
    client_id,
    status: 'idle',
    status_at: at,
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
    created_seq: 0,
    updated_seq: 0,
  };
}

/** A sign of life, by the server's clock; it brings back a client that had fallen silent. [L4] */
export function alive(client: ClientRow, at: string, receivedAt: string): ClientRow {
  const status =
    client.status !== 'offline'
      ? client.status
      : client.round_outcome === 'pending'
        ? ('training' as const)
        : ('idle' as const);
  return {
    ...client,
    status,
    is_online: true,
    last_heartbeat: receivedAt > client.last_heartbeat ? receivedAt : client.last_heartbeat,
    seen_at: at > client.seen_at ? at : client.seen_at,
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
  // A join that was overtaken by the client's leaving does not bring it back.
  draft.setClient(client.status === 'offline' && at < client.status_at ? joined : alive(joined, at, receivedAt));
  return true;
}

export function leaveClient(draft: Draft, fact: FactOf<'client_left'>, receivedAt: string): boolean {
  const client = clientOr(draft, fact, receivedAt);
  if (!supersedes(fact.at, 'offline', client) && draft.client(fact.client_id)) return false;
  const left = { ...client, status: 'offline' as const, status_at: fact.at, is_online: false, progress: null };
  draft.setClient({ ...left, seen_at: fact.at > client.seen_at ? fact.at : client.seen_at });
  return true;
}

export function tellStatus(draft: Draft, fact: FactOf<'client_status'>, receivedAt: string): boolean {
  const known = draft.client(fact.client_id);
  const client = clientOr(draft, fact, receivedAt);
  const round = fact.round ?? client.current_round;
  const isOldRound = round !== null && client.current_round !== null && round < client.current_round;
  if (known && (isOldRound || !supersedes(fact.at, fact.status, client))) return false;
  const isNewRound = round !== null && round !== client.current_round;
  const isOffline = fact.status === 'offline';
  const told: ClientRow = {
    ...(isOffline ? { ...client, is_online: false, seen_at: fact.at } : alive(client, fact.at, receivedAt)),
    status: fact.status,
    status_at: fact.at,
    current_round: round,
    round_outcome: isNewRound ? null : client.round_outcome,
    progress: fact.progress ?? (isNewRound ? null : client.progress),
  };
  draft.setClient(told);
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
function rank(status: ClientRow['status'], outcome: ClientRow['round_outcome']): number {
  switch (status) {
    case 'idle':
      return outcome === null || outcome === 'pending' ? 0 : 3;
    case 'training':
      return 1;
    case 'uploading':
      return 2;
    case 'failed':
      return 3;
    case 'offline':
      return 4;
    default:
      return status satisfies never;
  }
}

/** Whether what happened `at` may replace the client's status: later wins, and between equals what follows. [F3] */
export function supersedes(at: string, status: ClientRow['status'], client: ClientRow): boolean {
  if (at !== client.status_at) return at > client.status_at;
  return rank(status, client.round_outcome) > rank(client.status, client.round_outcome);
}
