import { randomBytes } from 'node:crypto';
import type { RunId } from '@rondo/protocol';
import type { Db } from '../db/db.ts';
import type { Costs } from '../db/queries/key-usage.ts';
import { mustNotBeHeld } from '../db/queries/run-imports.ts';
import { insertRuns, lockFreeRuns, lockRuns } from '../db/queries/run-state.ts';
import { together } from '../db/together.ts';
import { type Entry, firstMoment, firstOwned, isNotice } from './entries.ts';
import { addCost, type KeyUsage } from './key-usage.ts';
import { unknownRun } from './run-facts.ts';
import type { RunRow } from './state.ts';

interface Creation {
  readonly byRun: ReadonlyMap<RunId, readonly Entry[]>;
  readonly receivedAt: string;
  readonly usage: KeyUsage | undefined;
  /** Where the new runs are counted. */
  readonly costs: Map<string, Costs>;
}

/** The locked runs, and those that the entries create. */
export async function withNewRuns(
  tx: Db,
  locked: readonly RunRow[],
  { byRun, receivedAt, usage, costs }: Creation,
): Promise<readonly RunRow[]> {
  const known = new Set(locked.map(({ run_id }) => run_id));
  // Notices and command acknowledgements never create a run.
  const missing = [...byRun].filter(
    ([id, entries]) => !known.has(id) && entries.some(({ input }) => !isNotice(input) && input.type !== 'command_ack'),
  );
  if (missing.length === 0) return locked;
  const byKey = Map.groupBy(missing, ([, entries]) => firstOwned(entries)?.key);
  byKey.delete(undefined);
  const counts = new Map([...byKey].map(([key, ofKey]) => [key as string, ofKey.length]));
  await usage?.checkRuns(tx, counts);
  for (const [key, count] of counts) addCost(costs, key, { runs: count });
  const created = missing.map(([id, entries]) => ({
    ...unknownRun(
      id,
      firstMoment(entries, receivedAt),
      randomBytes(9).toString('base64url'),
      firstOwned(entries)?.owner,
    ),
    created_at: receivedAt,
  }));
  // In one order everywhere, like the locks.
  created.sort((a, b) => (a.run_id < b.run_id ? -1 : 1));
  const ids = created.map(({ run_id }) => run_id);
  await together(mustNotBeHeld(tx, ids), insertRuns(tx, created));
  return [...locked, ...(await lockRuns(tx, ids))];
}

/** Locks runs whose reporters are alive, though they say nothing of them; a run that another server holds is heard there. */
export async function lockHeard(
  tx: Db,
  due: readonly RunId[],
  named: ReadonlySet<RunId>,
  byRun: Map<RunId, Entry[]>,
): Promise<readonly RunRow[]> {
  for (const run_id of due) {
    const input = { type: 'reporter_heard', run_id } as const;
    byRun.set(run_id, [{ input, at: undefined, origin: undefined, owner: undefined, key: undefined }]);
  }
  return lockFreeRuns(
    tx,
    due.filter((id) => !named.has(id)),
  );
}
