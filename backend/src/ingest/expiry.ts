import type { Db } from '../db/db.ts';
import { overdueCommands } from '../db/queries/commands.ts';
import { takeTurns } from '../periodic.ts';
import type { IngestWriter } from './writer.ts';

interface Options {
  readonly db: Db;
  readonly writer: IngestWriter;
  readonly expiresAfterMs: number;
  readonly now?: () => number;
}

// Commands told per turn; the rest follow in the next.
const maxPerSweep = 1_000;

/** Ends the commands that no FL server has confirmed in time, by the server's clock. [C4] */
export async function sweepExpired({ db, writer, now = Date.now }: Options): Promise<number> {
  const at = new Date(now()).toISOString();
  const overdue = await overdueCommands(db, at, maxPerSweep);
  if (overdue.length > 0) await writer.submit(overdue.map((command) => ({ type: 'command_expired', ...command, at })));
  return overdue.length;
}

/** Often enough that a command is late by a sixtieth of its time, or a second. */
export function startExpiring(options: Options, onError: (error: unknown) => void): () => void {
  const everyMs = Math.max(1_000, options.expiresAfterMs / 60);
  return takeTurns(() => sweepExpired(options), { firstMs: everyMs, everyMs }, onError);
}
