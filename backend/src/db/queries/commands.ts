import type { Command, CommandName, FactOf, RunId } from '@rondo/protocol';
import { and, eq, inArray, sql } from 'drizzle-orm';
import type { Db } from '../database.ts';
import { commands } from '../schema.ts';
import type { BatchId } from './reporters.ts';

export interface NewCommand {
  readonly command_id: string;
  readonly run_id: RunId;
  readonly command: CommandName;
  readonly round: number;
  readonly reason: string;
  readonly requested_by: string;
  readonly requested_at: string;
}

/** Asks for it, unless the same is already asked: two admins at once get one command. */
export async function requestCommand(db: Db, command: NewCommand): Promise<boolean> {
  const created = await db
    .insert(commands)
    .values({ ...command, state: 'requested' })
    .onConflictDoNothing()
    .returning({ id: commands.command_id });
  return created.length > 0;
}

/** What waits for a reporter: the open commands of every run that it speaks for. */
export async function openCommandsFor(db: Db, { key_id, reporter_id }: BatchId): Promise<Command[]> {
  const rows = await db
    .select()
    .from(commands)
    .where(
      and(
        eq(commands.state, 'requested'),
        sql`${commands.run_id} in (
          select jsonb_array_elements_text(run_ids) from reporters where key_id = ${key_id} and reporter_id = ${reporter_id})`,
      ),
    );
  return rows.map(({ command_id, command, run_id, round, reason }) => ({ command_id, command, run_id, round, reason }));
}

/** Moves a command forward as its FL server says; what is over stays as it was. */
export async function acknowledge(
  db: Db,
  ack: FactOf<'command_ack'>,
): Promise<typeof commands.$inferSelect | undefined> {
  const isDelivery = ack.state === 'delivered';
  const [row] = await db
    .update(commands)
    .set({
      state: ack.state,
      detail: ack.detail ?? null,
      ...(isDelivery ? { delivered_at: ack.at } : { ended_at: ack.at }),
    })
    .where(
      and(
        eq(commands.command_id, ack.command_id),
        eq(commands.run_id, ack.run_id),
        inArray(commands.state, isDelivery ? ['requested'] : ['requested', 'delivered']),
      ),
    )
    .returning();
  return row;
}

/** A round that is over has nothing left to be asked. */
export const closeRoundCommands = (db: Db, runId: RunId, rounds: readonly number[], at: string): Promise<unknown> =>
  db
    .update(commands)
    .set({ state: 'applied', ended_at: at, detail: 'the round ended' })
    .where(
      and(
        eq(commands.run_id, runId),
        inArray(commands.round, [...rounds]),
        inArray(commands.state, ['requested', 'delivered']),
      ),
    );
