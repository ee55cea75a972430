import type { Database } from '../db/database.ts';
import { startPeriodic } from '../periodic.ts';
import type { ServerTroubles } from './troubles.ts';

interface Options {
  readonly database: Pick<Database, 'ping'>;
  /** Why nothing can be stored; null while there is room. */
  readonly diskProblem: () => string | null;
  readonly troubles: ServerTroubles;
  readonly everyMs?: number | undefined;
}

const everyMs = 2_000;
/** Longer than any transaction that the embedded database is busy with. */
const patienceMs = 10_000;

/** Notes when the disk or the database begins or ceases to serve. [G15] */
export function startWatchingServer(options: Options, onError: (error: unknown) => void): () => Promise<void> {
  const { database, diskProblem, troubles } = options;
  const look = async () => {
    troubles.note('server_disk', diskProblem());
    const reason = await database.ping(patienceMs).then(
      () => null,
      () => 'the database does not answer',
    );
    troubles.note('server_database', reason);
  };
  return startPeriodic(look, { everyMs: options.everyMs ?? everyMs }, onError);
}
