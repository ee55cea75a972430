import { type ClientId, type Direction, type RunId, toNumber } from '@rondo/protocol';
import type { Db } from '../db/db.ts';
import { type Range, readDerived } from '../db/queries/insight.ts';
import { directionOf } from './direction.ts';
import { prepareRounds, type RoundsInRange, readDerivedRounds } from './rounds.ts';

/** Rounds that are searched for the newest one with shares. */
const searchedRounds = 20;

/** How far the updates of each round agree, and the shares of the newest round that has them. [G8] */
export async function readDirection(db: Db, runId: RunId, range: Range): Promise<Direction> {
  const prepared = await prepareRounds(db, runId, range);
  const found = new Map(
    (await readDerived(db, runId, prepared.stored, ['sums'])).map((each) => [each.round, each.sums]),
  );
  for (const [round, { sums }] of prepared.open) found.set(round, sums);
  const items = prepared.rows.map(({ round }) => {
    const { agreement = null, num_directions: n = 0 } = found.get(round) ?? {};
    return { round, agreement, n };
  });
  return { run_id: runId, items, shares: await newestShares(db, runId, prepared) };
}

async function newestShares(db: Db, runId: RunId, prepared: RoundsInRange): Promise<Direction['shares']> {
  const rows = prepared.rows.slice(-searchedRounds);
  const wanted = ['update_norm', 'cosine_to_mean', 'sample_count'] as const;
  let newest: Direction['shares'] = null;
  for await (const { row, columns } of readDerivedRounds(db, runId, { ...prepared, rows }, wanted)) {
    const { shares } = directionOf(columns, row.update_norm === null ? null : toNumber(row.update_norm));
    if (shares.length === 0) continue;
    const items = shares.map(({ client, share }) => ({ client_id: prepared.numbers.ids[client] as ClientId, share }));
    newest = { round: row.round, items };
  }
  return newest;
}
