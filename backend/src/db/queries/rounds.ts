import type { ClientUpdate, Round, RoundStatus, RunId } from '@rondo/protocol';
import { and, asc, desc, eq } from 'drizzle-orm';
import type { Db } from '../database.ts';
import { clientUpdates, rounds } from '../schema.ts';
import { toRound } from '../wire.ts';
import { countRows, type Page } from './page.ts';

interface Filter extends Page {
  readonly run_id?: RunId | undefined;
  readonly status?: RoundStatus | undefined;
}

/** Newest first. */
export async function listRounds(
  db: Db,
  { run_id, status, limit, offset }: Filter,
): Promise<{ items: Round[]; total: number }> {
  const where = and(run_id && eq(rounds.run_id, run_id), status && eq(rounds.status, status));
  // Within a run the number says what is newer: late data may create an older round after a newer one.
  const order = run_id ? desc(rounds.round) : desc(rounds.round_id);
  const rows = await db.select().from(rounds).where(where).orderBy(order).limit(limit).offset(offset);
  return { items: rows.map(toRound), total: await countRows(db, rounds, where) };
}

export async function findRound(db: Db, roundId: number): Promise<Round | undefined> {
  const [row] = await db.select().from(rounds).where(eq(rounds.round_id, roundId));
  return row && toRound(row);
}

/** Two queries, however many clients took part. */
export async function findRoundDetail(
  db: Db,
  roundId: number,
): Promise<(Round & { client_updates: ClientUpdate[] }) | undefined> {
  const round = await findRound(db, roundId);
  if (!round) return undefined;
  const rows = await db
    .select()
    .from(clientUpdates)
    .where(and(eq(clientUpdates.run_id, round.run_id), eq(clientUpdates.round, round.round)))
    .orderBy(asc(clientUpdates.client_id));
  return { ...round, client_updates: rows.map((row) => ({ ...row, round_id: roundId })) };
}
