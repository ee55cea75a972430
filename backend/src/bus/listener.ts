import { setTimeout as wait } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import type { OpenListenConnection } from '../db/database.ts';
import type { Db } from '../db/db.ts';

export interface ListenHandlers {
  readonly received: (payload: string) => void;
  /** Called on every connect. Messages sent before it were missed. */
  readonly listening: () => void;
  readonly failed: (error: unknown) => void;
}

interface Pace {
  /** Interval of the echo that checks the connection. */
  readonly checkMs: number;
  readonly minRetryMs: number;
  readonly maxRetryMs: number;
}

const channel = 'rondo';
const usualPace: Pace = { checkMs: 5_000, minRetryMs: 100, maxRetryMs: 5_000 };

/** Sends `payload` when the transaction commits. PostgreSQL accepts less than 8,000 bytes. */
export async function notify(db: Db, payload: string): Promise<void> {
  await db.execute(sql`select pg_notify(${channel}, ${payload})`);
}

/**
 * Listens on a dedicated connection and reconnects until stopped:
 *
 *   connect ──▶ listen ──▶ listening ──echo received──▶ listening
 *      ▲                       │ closed, or no echo
 *      └──── wait, longer each time, at most `maxRetryMs` ◀┘
 *
 * The listener sends `echo` and must receive it. Otherwise a connection that died silently, or a pooler that hands the
 * connection to other clients, would look like a quiet database.
 */
export function keepListening(
  open: OpenListenConnection,
  echo: string,
  handlers: ListenHandlers,
  pace = usualPace,
): () => Promise<void> {
  const closing = new AbortController();
  const { signal } = closing;
  const run = async () => {
    let failures = 0;
    const listening = () => {
      failures = 0;
      handlers.listening();
    };
    while (!signal.aborted) {
      const why = await hold(open, echo, { ...handlers, listening }, pace, signal);
      if (signal.aborted) return;
      handlers.failed(why);
      // Jitter: servers that lost the same database do not all reconnect at once.
      const longest = Math.min(pace.maxRetryMs, pace.minRetryMs * 2 ** failures);
      failures += 1;
      await wait(longest * (0.5 + Math.random() / 2), null, { signal }).catch(() => {});
    }
  };
  const running = run();
  return async () => {
    closing.abort();
    await running;
  };
}

/** Listens on one connection until it ends, and resolves to the reason. */
async function hold(
  open: OpenListenConnection,
  echo: string,
  handlers: ListenHandlers,
  { checkMs }: Pace,
  signal: AbortSignal,
): Promise<Error> {
  const end = Promise.withResolvers<Error>();
  const lost = (why: string, cause?: unknown) => end.resolve(new Error(`the LISTEN connection ${why}`, { cause }));
  let hasEchoed = true;
  const connection = open({
    onNotify: (payload) => {
      if (payload === echo) hasEchoed = true;
      else handlers.received(payload);
    },
    onClose: () => lost('was closed'),
  });
  const check = () => {
    if (!hasEchoed) return lost('is silent: LISTEN needs a connection of its own, not a pooler that shares them');
    hasEchoed = false;
    connection.query('select pg_notify($1, $2)', [channel, echo]).catch((error: unknown) => lost('failed', error));
  };
  const checks = setInterval(check, checkMs);
  const abort = () => lost('was stopped');
  signal.addEventListener('abort', abort);
  try {
    connection.query(`listen ${channel}`).then(
      () => {
        handlers.listening();
        check();
      },
      (error: unknown) => lost('could not be opened', error),
    );
    return await end.promise;
  } finally {
    clearInterval(checks);
    signal.removeEventListener('abort', abort);
    await connection.end();
  }
}
