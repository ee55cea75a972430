import type { Db } from '../db/db.ts';
import { silentClients } from '../db/queries/run-state.ts';
import { takeTurns } from '../periodic.ts';
import type { IngestWriter } from './writer.ts';

interface Options {
  readonly db: Db;
  readonly writer: IngestWriter;
  readonly offlineAfterMs: number;
  readonly now?: () => number;
}

// Clients told per turn; the rest follow in the next.
const maxPerSweep = 5_000;

/** Marks the clients that nothing was heard of for `offlineAfterMs`, by the server's clock. [L4] */
export async function sweepSilent({ db, writer, offlineAfterMs, now = Date.now }: Options): Promise<number> {
  const silent_since = new Date(now() - offlineAfterMs).toISOString();
  const silent = await silentClients(db, silent_since, maxPerSweep);
  if (silent.length === 0) return 0;
  await writer.submit(silent.map((client) => ({ type: 'client_silent', ...client, silent_since })));
  return silent.length;
}

/**
 * Sweeps several times per `offlineAfterMs`. The first turn waits that long: while the server was down, nobody could be
 * heard.
 */
export function startSweeping(options: Options, onError: (error: unknown) => void): () => void {
  const everyMs = Math.max(1_000, options.offlineAfterMs / 6);
  return takeTurns(() => sweepSilent(options), { firstMs: options.offlineAfterMs, everyMs }, onError);
}
