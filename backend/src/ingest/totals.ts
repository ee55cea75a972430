import type { ClientId } from '@rondo/protocol';
import type { ListTotal } from '../db/queries/totals.ts';
import type { Reduction, RunRow, RunState } from './state.ts';

/** The changes of a reduction to the totals of the lists, by status, and the clients that are new to this run. */
export function changedTotals(state: RunState, { rounds, clients }: Pick<Reduction, 'rounds' | 'clients'>) {
  const run_id = state.run.run_id;
  const newClients: ClientId[] = [];
  for (const id of clients.keys()) if (!state.clients.has(id)) newClients.push(id);
  const changes: ListTotal[] = [
    ...toTotals(run_id, 'rounds', moves(rounds, state.rounds)),
    ...toTotals(run_id, 'clients', moves(clients, state.clients)),
  ];
  return { changes, newClients };
}

function moves<K, R extends { readonly status: string }>(
  after: ReadonlyMap<K, R>,
  before: ReadonlyMap<K, R>,
): Map<string, number> {
  const changes = new Map<string, number>();
  const add = (status: string, n: number) => changes.set(status, (changes.get(status) ?? 0) + n);
  for (const [key, { status }] of after) {
    const was = before.get(key)?.status;
    if (was === status) continue;
    add(status, 1);
    if (was !== undefined) add(was, -1);
  }
  return changes;
}

const toTotals = (
  run_id: ListTotal['run_id'],
  list: ListTotal['list'],
  changes: ReadonlyMap<string, number>,
): ListTotal[] => [...changes].flatMap(([status, total]) => (total === 0 ? [] : [{ run_id, list, status, total }]));

/** The changes of a reduction to the run's own counts. */
export function addedCounts(
  state: RunState,
  { rounds, updates }: Pick<Reduction, 'rounds' | 'updates'>,
): Pick<RunRow, 'rounds_seen' | 'rounds_failed' | 'bytes_up' | 'bytes_down'> {
  let { rounds_seen, rounds_failed, bytes_up, bytes_down } = state.run;
  for (const [number, { status }] of rounds) {
    const was = state.rounds.get(number);
    if (!was) rounds_seen += 1;
    rounds_failed += Number(status === 'failed') - Number(was?.status === 'failed');
  }
  for (const [round, parts] of updates) {
    const known = state.updates.get(round);
    for (const [id, part] of parts) {
      const was = known?.get(id);
      bytes_up += (part.bytes_up ?? 0) - (was?.bytes_up ?? 0);
      bytes_down += (part.bytes_down ?? 0) - (was?.bytes_down ?? 0);
    }
  }
  return { rounds_seen, rounds_failed, bytes_up: bounded(bytes_up), bytes_down: bounded(bytes_down) };
}

/** A sum of sizes that no client can have sent stays a number that the database and the wire hold. [G9] */
const bounded = (sum: number): number => Math.max(0, Math.min(Number.MAX_SAFE_INTEGER, sum));
