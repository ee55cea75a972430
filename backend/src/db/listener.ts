import { setTimeout as wait } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import type { Sql } from 'postgres';
import type { Db } from './database.ts';

export interface Hearing {
  readonly heard: (payload: string) => void;
  /** It listens, for the first time or again: what was said before that was not heard. */
  readonly listening: () => void;
  readonly failed: (error: unknown) => void;
}

/** Opens one connection of its own; `onNotify` and `onClose` are called by it. */
export type OpenLine = (on: { onNotify: (payload: string) => void; onClose: () => void }) => Sql;

interface Pace {
  /** How often the line is asked whether it still carries. */
  readonly checkMs: number;
  readonly minRetryMs: number;
  readonly maxRetryMs: number;
}

const channel = 'rondo';
const usualPace: Pace = { checkMs: 5_000, minRetryMs: 100, maxRetryMs: 5_000 };

/** Says it on the channel when the transaction commits. PostgreSQL takes less than 8,000 bytes. */
export async function notify(db: Db, payload: string): Promise<void> {
  await db.execute(sql`select pg_notify(${channel}, ${payload})`);
}

/**
 * Listens on a connection of its own, for ever:
 *
 *   connect ──▶ listen ──▶ listening ──echo came back──▶ listening
 *      ▲                       │ closed, or no echo
 *      └──── wait, longer each time, at most `maxRetryMs` ◀┘
 *
 * `echo` is said and must be heard: a connection that died silently, or a pooler between that hands it to others, would
 * otherwise look like a quiet database.
 */
export function listenForEver(open: OpenLine, echo: string, hearing: Hearing, pace = usualPace): () => Promise<void> {
  const closing = new AbortController();
  const { signal } = closing;
  const run = async () => {
    let failures = 0;
    const listening = () => {
      failures = 0;
      hearing.listening();
    };
    while (!signal.aborted) {
      const why = await hold(open, echo, { ...hearing, listening }, pace, signal);
      if (signal.aborted) return;
      hearing.failed(why);
      // Half of it at random: servers that lost the same database do not come back in one moment.
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

/** One connection's life; resolves to why it ended. */
async function hold(
  open: OpenLine,
  echo: string,
  hearing: Hearing,
  { checkMs }: Pace,
  signal: AbortSignal,
): Promise<Error> {
  const end = Promise.withResolvers<Error>();
  const lost = (why: string, cause?: unknown) => end.resolve(new Error(`the line between servers ${why}`, { cause }));
  let hasEchoed = true;
  const line = open({
    onNotify: (payload) => {
      if (payload === echo) hasEchoed = true;
      else hearing.heard(payload);
    },
    onClose: () => lost('was closed'),
  });
  const check = () => {
    if (!hasEchoed) return lost('is silent: LISTEN needs a connection of its own, not a pooler that shares them');
    hasEchoed = false;
    line`select pg_notify(${channel}, ${echo})`.catch((error: unknown) => lost('failed', error));
  };
  const checks = setInterval(check, checkMs);
  const hangUp = () => lost('was hung up');
  signal.addEventListener('abort', hangUp);
  try {
    line`listen ${line(channel)}`.then(
      () => {
        hearing.listening();
        check();
      },
      (error: unknown) => lost('could not be opened', error),
    );
    return await end.promise;
  } finally {
    clearInterval(checks);
    signal.removeEventListener('abort', hangUp);
    await line.end({ timeout: 0 });
  }
}
