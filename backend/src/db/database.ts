import type { PgDatabase } from 'drizzle-orm/pg-core';
import { drizzle, type PostgresJsQueryResultHKT } from 'drizzle-orm/postgres-js';
import postgres, { type Sql } from 'postgres';
import { openEmbedded } from './embedded.ts';
import { type Hearing, listenForEver, type OpenLine } from './listener.ts';
import { migrate } from './migrate.ts';

/** A database or a transaction on it: query functions do not care which. */
export type Db = PgDatabase<PostgresJsQueryResultHKT>;

export interface Database {
  readonly db: Db;
  readonly kind: 'embedded' | 'postgresql';
  /** Answers, or rejects within `timeoutMs`. */
  ping(timeoutMs: number): Promise<void>;
  /** Hears what other servers on it `notify`, and answers how to stop; the embedded database has no others. */
  listen?(echo: string, hearing: Hearing): () => Promise<void>;
  close(): Promise<void>;
}

interface Options {
  /** A `postgres://` URL; without it the embedded database under `dataDir` serves. */
  readonly databaseUrl?: string | undefined;
  readonly dataDir: string;
}

/** Opens the database and brings its schema up to date. */
export async function openDatabase({ databaseUrl, dataDir }: Options): Promise<Database> {
  const embedded = databaseUrl ? undefined : await openEmbedded(dataDir);
  const client = embedded
    ? // PGlite serves one connection: more interleave their statements and fail.
      postgres({ ...embedded.connection, max: 1, ...common })
    : postgres(databaseUrl as string, {
        max: 10,
        idle_timeout: 60,
        max_lifetime: 60 * 30,
        connect_timeout: 10,
        ...common,
      });
  const close = async () => {
    await client.end({ timeout: 5 });
    await embedded?.close();
  };
  try {
    await migrate(client);
  } catch (error) {
    await close();
    throw error;
  }
  embedded?.startHousekeeping(client);
  return {
    db: drizzle({ client }),
    kind: embedded ? 'embedded' : 'postgresql',
    ping: async (timeoutMs) => {
      await Promise.race([client`select 1`, rejectAfter(timeoutMs)]);
    },
    ...(databaseUrl && {
      listen: (echo: string, hearing: Hearing) => listenForEver((on) => openLine(databaseUrl, on), echo, hearing),
    }),
    close,
  };
}

/** postgres.js has its own `listen`, which neither says when the line was down nor notices that it died silently. */
function openLine(url: string, { onNotify, onClose }: Parameters<OpenLine>[0]): Sql {
  const onnotify = (_channel: string, payload: string) => onNotify(payload);
  const connection = { ...common.connection, application_name: 'rondo doorbell' };
  const lasting = { max: 1, max_lifetime: null, idle_timeout: undefined };
  const options = { ...common, ...lasting, connection, onnotify, onclose: onClose };
  return postgres(url, options);
}

const common = {
  onnotice: () => {},
  connection: { application_name: 'rondo', timezone: 'UTC' },
} as const;

const rejectAfter = (ms: number) =>
  new Promise<never>((_, reject) => setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms).unref());
