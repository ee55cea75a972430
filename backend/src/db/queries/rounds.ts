import type { Round, RoundDetail, RoundStatus, RunId } from '@rondo/protocol';
import { and, asc, desc, eq, gt, lt } from 'drizzle-orm';
import type { Db } from '../db.ts';
import { clientUpdates, rounds } from '../schema.ts';
import { toClientUpdate, toRound } from '../wire.ts';
import { cutPage, type KeysetPage, type Listed } from './page.ts';
import { ofVisibleRuns, type Visible } from './projects.ts';
import { readTotal } from './totals.ts';

/** The round after which a page begins: its number within a run, its id among all runs. */
export type RoundKey = number;

interface Filter extends KeysetPage<RoundKey> {
  readonly visible: Visible;
  readonly run_id?: RunId | undefined;
  readonly status?: RoundStatus | undefined;
}

/** Newest first. Two queries, each along an index. */
export async function listRounds(
  db: Db,
  { visible, run_id, status, limit, offset, after }: Filter,
): Promise<Listed<Round, RoundKey>> {
  // Within a run the round number gives the order: late data may create an older round after a newer one.
  const key = run_id ? rounds.round : rounds.round_id;
  const where = and(
    ofVisibleRuns(rounds.run_id, visible),
    run_id && eq(rounds.run_id, run_id),
    status && eq(rounds.status, status),
    after === undefined ? undefined : lt(key, after),
  );
  const rows = await db
    .select()
    .from(rounds)
    .where(where)
    .orderBy(desc(key))
    .limit(limit + 1)
    .offset(offset);
  const total = await readTotal(db, { list: 'rounds', visible, run_id, status });
  return { ...cutPage(rows.map(toRound), limit, (round) => (run_id ? round.round : round.round_id)), total };
}

async function findRow(db: Db, roundId: number, visible: Visible) {
  const [row] = await db
    .select()
    .from(rounds)
    .where(and(eq(rounds.round_id, roundId), ofVisibleRuns(rounds.run_id, visible)));
  return row;
}

export async function findRound(db: Db, roundId: number, visible: Visible): Promise<Round | undefined> {
  const row = await findRow(db, roundId, visible);
  return row && toRound(row);
}

/** Two queries, however many clients took part. */
export async function findRoundDetail(db: Db, roundId: number, visible: Visible): Promise<RoundDetail | undefined> {
  const round = await findRow(db, roundId, visible);
  if (!round) return undefined;
  const rows = await db
    .select()
    .from(clientUpdates)
    .where(and(eq(clientUpdates.run_id, round.run_id), eq(clientUpdates.round, round.round)))
    .orderBy(asc(clientUpdates.client_id));
  const client_updates = rows.map((row) => toClientUpdate({ ...row, round_id: roundId }));
  return { ...toRound(round), client_updates, earlier: [...round.earlier] };
}

/** The id of a run's round of this number, and the numbers next to it that exist. */
export async function findNumbered(db: Db, runId: RunId, number: number) {
  const ofRun = eq(rounds.run_id, runId);
  const [found] = await db
    .select({ round_id: rounds.round_id })
    .from(rounds)
    .where(and(ofRun, eq(rounds.round, number)));
  if (!found) return undefined;
  const { round } = rounds;
  const [previous] = await db
    .select({ round })
    .from(rounds)
    .where(and(ofRun, lt(round, number)))
    .orderBy(desc(round))
    .limit(1);
  const [next] = await db
    .select({ round })
    .from(rounds)
    .where(and(ofRun, gt(round, number)))
    .orderBy(asc(round))
    .limit(1);
  return { ...found, neighbours: { previous: previous?.round ?? null, next: next?.round ?? null } };
}
