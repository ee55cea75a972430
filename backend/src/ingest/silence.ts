import type { Db } from '../db/db.ts';
import { silentClients } from '../db/queries/run-state.ts';
import { startPeriodic } from '../periodic.ts';
import type { IngestWriter } from './writer.ts';

interface Options {
  readonly db: Db;
  readonly writer: IngestWriter;
  readonly offlineAfterMs: number;
  readonly now?: () => number;
}

// Clients marked per run; the rest follow in the next.
const maxPerSweep = 5_000;

/** Marks clients offline that sent nothing for `offlineAfterMs`, by the server's clock. [L4] */
export async function sweepSilent({ db, writer, offlineAfterMs, now = Date.now }: Options): Promise<number> {
  const silent_since = new Date(now() - offlineAfterMs).toISOString();
  const silent = await silentClients(db, silent_since, maxPerSweep);
  if (silent.length === 0) return 0;
  await writer.submit(silent.map((client) => ({ type: 'client_silent', ...client, silent_since })));
  return silent.length;
}

/**
 * Sweeps several times per `offlineAfterMs`. The first sweep waits that long, because clients could not report while
 * the server was down.
 */
export function startSweeping(options: Options, onError: (error: unknown) => void): () => Promise<void> {
  const everyMs = Math.max(1_000, options.offlineAfterMs / 6);
  return startPeriodic(() => sweepSilent(options), { firstMs: options.offlineAfterMs, everyMs }, onError);
}
