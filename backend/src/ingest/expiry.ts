import type { Db } from '../db/db.ts';
import { overdueCommands } from '../db/queries/commands.ts';
import { startPeriodic } from '../periodic.ts';
import type { IngestWriter } from './writer.ts';

interface Options {
  readonly db: Db;
  readonly writer: IngestWriter;
  readonly expiresAfterMs: number;
  readonly now?: () => number;
}

// Commands ended per run; the rest follow in the next.
const maxPerSweep = 1_000;

/** Expires the commands that the FL server did not confirm in time, by the server's clock. [C4] */
export async function sweepExpired({ db, writer, now = Date.now }: Options): Promise<number> {
  const at = new Date(now()).toISOString();
  const overdue = await overdueCommands(db, at, maxPerSweep);
  if (overdue.length > 0) await writer.submit(overdue.map((command) => ({ type: 'command_expired', ...command, at })));
  return overdue.length;
}

/** Runs often enough that a command expires at most 1/60 of its time, or one second, late. */
export function startExpiring(options: Options, onError: (error: unknown) => void): () => Promise<void> {
  const everyMs = Math.max(1_000, options.expiresAfterMs / 60);
  return startPeriodic(() => sweepExpired(options), { everyMs }, onError);
}
