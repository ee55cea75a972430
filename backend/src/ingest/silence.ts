import type { Db } from '../db/db.ts';
import { runsWithClients, silentClients } from '../db/queries/run-state.ts';
import { startPeriodic } from '../periodic.ts';
import type { IngestWriter } from './writer.ts';

interface Options {
  readonly db: Db;
  readonly writer: IngestWriter;
  readonly offlineAfterMs: number;
  readonly now?: () => number;
}

// Looked at in one statement, and marked in one transaction: about 10 ms of the embedded database, for which others wait.
const clientsAtOnce = 1_000;

/** Marks clients offline that sent nothing for `offlineAfterMs`, by the server's clock. [L4] */
export async function sweepSilent({ db, writer, offlineAfterMs, now = Date.now }: Options): Promise<number> {
  const silent_since = new Date(now() - offlineAfterMs).toISOString();
  let marked = 0;
  for (const run_id of await runsWithClients(db)) {
    for (let after: string | null = ''; after !== null; ) {
      const page = await silentClients(db, { run_id, after, before: silent_since, limit: clientsAtOnce });
      after = page.last;
      if (page.silent.length === 0) continue;
      await writer.submit(page.silent.map((client_id) => ({ type: 'client_silent', run_id, client_id, silent_since })));
      marked += page.silent.length;
    }
  }
  return marked;
}

/**
 * Sweeps several times per `offlineAfterMs`. The first sweep waits that long, because clients could not report while
 * the server was down.
 */
export function startSweeping(options: Options, onError: (error: unknown) => void): () => Promise<void> {
  const everyMs = Math.max(1_000, options.offlineAfterMs / 6);
  return startPeriodic(() => sweepSilent(options), { firstMs: options.offlineAfterMs, everyMs }, onError);
}
