import type { Command, CommandRecord, CommandState, RunId } from '@rondo/protocol';
import { and, asc, desc, eq, inArray, lte, sql } from 'drizzle-orm';
import { bulkUpsert } from '../bulk.ts';
import type { Db } from '../db.ts';
import { kept } from '../kept.ts';
import { commands } from '../schema.ts';
import { countRows, type Page } from './page.ts';
import { ofVisibleRuns, type Visible } from './projects.ts';
import { type BatchId, type ReporterKey, reporterOf } from './reporters.ts';

type CommandRow = typeof commands.$inferSelect;

interface Filter extends Page {
  readonly visible: Visible;
  readonly run_id?: RunId | undefined;
  readonly state?: CommandState | undefined;
}

/** Newest first. */
export async function listCommands(
  db: Db,
  { visible, run_id, state, limit, offset }: Filter,
): Promise<{ items: CommandRecord[]; total: number }> {
  const where = and(
    ofVisibleRuns(commands.run_id, visible),
    run_id && eq(commands.run_id, run_id),
    state && eq(commands.state, state),
  );
  const items = await db
    .select()
    .from(commands)
    .where(where)
    .orderBy(desc(commands.requested_at), desc(commands.command_id))
    .limit(limit)
    .offset(offset);
  return { items, total: await countRows(db, commands, where) };
}

/** Commands for reporters: for each, the open commands of its runs that belong to its key's project. [C2] [O2] */
export async function openCommandsFor(db: Db, batches: readonly BatchId[]): Promise<Map<ReporterKey, Command[]>> {
  const waiting = new Map<ReporterKey, Command[]>();
  if (batches.length === 0) return waiting;
  const rows = await db.execute<Command & Pick<BatchId, 'key_id' | 'reporter_id'>>(sql`
    ${kept} select key_id, asking.reporter_id, command_id, command, commands.run_id, round, commands.reason
    from reporters
      cross join lateral jsonb_array_elements_text(run_ids) as spoken(run_id)
      join json_to_recordset(${JSON.stringify(batches)}::text::json)
        as asking(key_id text, reporter_id text, project_id text) using (key_id, reporter_id)
      join runs on runs.run_id = spoken.run_id and runs.project_id = asking.project_id
      join commands on commands.run_id = runs.run_id
      join run_reporters on run_reporters.run_id = runs.run_id and run_reporters.reporter_id = asking.reporter_id
    where commands.state = 'requested' and run_reporters.commands_supported ? commands.command`);
  for (const { key_id, reporter_id, ...command } of rows) {
    const reporter = reporterOf({ key_id, reporter_id });
    waiting.set(reporter, [...(waiting.get(reporter) ?? []), command]);
  }
  return waiting;
}

/** Those of the ids that are commands of these runs. */
export const loadCommands = async (db: Db, runIds: readonly RunId[], ids: readonly string[]): Promise<CommandRow[]> =>
  ids.length === 0
    ? []
    : db
        .select()
        .from(commands)
        .where(and(inArray(commands.run_id, [...runIds]), inArray(commands.command_id, [...ids])));

export const saveCommands = (db: Db, rows: readonly CommandRow[]): Promise<unknown> =>
  bulkUpsert(db, commands, rows, { key: ['command_id'] });

/** Those still open that had to be confirmed by `at`, the longest overdue first. */
export const overdueCommands = (
  db: Db,
  at: string,
  limit: number,
): Promise<Pick<CommandRow, 'run_id' | 'command_id'>[]> =>
  db
    .select({ run_id: commands.run_id, command_id: commands.command_id })
    .from(commands)
    .where(and(inArray(commands.state, ['requested', 'delivered']), lte(commands.expires_at, at)))
    .orderBy(asc(commands.expires_at))
    .limit(limit);
