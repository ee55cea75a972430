import { type Client, type ClientFace, clientFace } from '@rondo/protocol';
import { assertNever } from '../../lib/assert-never.ts';
import { orderOfNames } from '../../lib/names.ts';
import { numberOf } from '../../lib/values.ts';

export const sortKeys = [
  { key: 'worst', label: 'worst first' },
  { key: 'slowest', label: 'slowest first' },
  { key: 'loss', label: 'highest loss' },
  { key: 'name', label: 'by name' },
] as const;

export type SortKey = (typeof sortKeys)[number]['key'];

export interface OrderQuestion {
  readonly sort: SortKey;
  readonly filter: string;
  readonly round: number | null;
  readonly isRunOver: boolean;
}

export interface ClientCounts {
  readonly total: number;
  readonly online: number;
  readonly faces: Readonly<Record<ClientFace, number>>;
}

/** What needs attention, then what is under way, then what is done. */
const severity: Record<ClientFace, number> = {
  failed: 0,
  no_reply: 1,
  unreported: 2,
  training: 3,
  uploading: 4,
  returned: 5,
  idle: 6,
  offline: 7,
};

/** A client that is offline holds the round up when its part is still open. */
const awaitedOfflineRank = 1.25;
/** Returned, but with a loss that is not finite. */
const divergedRank = 1.5;

const isAwaited = (client: Client, round: number | null): boolean =>
  client.current_round === round && client.round_outcome === 'pending';

const hasDiverged = ({ train_loss }: Client): boolean => train_loss !== null && !Number.isFinite(Number(train_loss));

interface Row {
  readonly client: Client;
  readonly rank: number;
}

type Clients = Readonly<Record<string, Client>>;

export function countClients(clients: Clients, { round, isRunOver }: Pick<OrderQuestion, 'round' | 'isRunOver'>) {
  const faces = { failed: 0, no_reply: 0, unreported: 0, training: 0, uploading: 0, returned: 0, idle: 0, offline: 0 };
  let total = 0;
  let online = 0;
  for (const client of Object.values(clients)) {
    total++;
    if (client.is_online) online++;
    faces[clientFace(client, round, isRunOver)]++;
  }
  return { total, online, faces } satisfies ClientCounts;
}

/** Those that match the filter, in order. */
export function orderClients(clients: Clients, question: OrderQuestion): readonly string[] {
  const wanted = question.filter.trim().toLowerCase();
  const rows: Row[] = [];
  for (const client of Object.values(clients)) {
    const face = clientFace(client, question.round, question.isRunOver);
    if (wanted === '' || client.client_id.toLowerCase().includes(wanted)) {
      rows.push({ client, rank: rankOf(client, face, question) });
    }
  }
  const byName = orderOfNames(rows.map(({ client }) => client.client_id));
  rows.sort((a, b) => a.rank - b.rank || byName(a.client.client_id, b.client.client_id));
  return rows.map((row) => row.client.client_id);
}

/** Lower comes first. */
function rankOf(client: Client, face: ClientFace, { sort, round }: OrderQuestion): number {
  switch (sort) {
    case 'worst':
      if (face === 'offline' && isAwaited(client, round)) return awaitedOfflineRank;
      return face === 'returned' && hasDiverged(client) ? divergedRank : severity[face];
    case 'slowest':
      return face === 'training' || face === 'uploading' ? (client.progress ?? 0) : 1 + severity[face];
    case 'loss': {
      const loss = numberOf(client.train_loss);
      if (loss === null) return Number.MAX_VALUE;
      return Number.isFinite(loss) ? -loss : -Number.MAX_VALUE;
    }
    case 'name':
      return 0;
    default:
      return assertNever(sort);
  }
}

export const isSameOrder = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((id, index) => id === b[index]);

export function areSameCounts(a: ClientCounts, b: ClientCounts): boolean {
  const faces = Object.keys(a.faces) as ClientFace[];
  return a.total === b.total && a.online === b.online && faces.every((face) => a.faces[face] === b.faces[face]);
}
