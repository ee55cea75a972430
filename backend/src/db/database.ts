import type { PgDatabase } from 'drizzle-orm/pg-core';
import { drizzle, type PostgresJsQueryResultHKT } from 'drizzle-orm/postgres-js';
import postgres, { type Sql } from 'postgres';
import { openEmbedded } from './embedded.ts';
import type { FolderLock } from './folder-lock.ts';
import { type Hearing, listenForEver, type OpenLine } from './listener.ts';
import { migrate } from './migrate.ts';
import { Pool, type PoolUsage } from './pool.ts';

/** A database or a transaction on it: query functions do not care which. */
export type Db = PgDatabase<PostgresJsQueryResultHKT>;

export interface Database {
  readonly db: Db;
  readonly kind: 'embedded' | 'postgresql';
  /** Answers, or rejects within `timeoutMs`. */
  ping(timeoutMs: number): Promise<void>;
  /** Of the server's connections; the embedded database has one. */
  pool?(): PoolUsage;
  /** Hears what other servers on it `notify`, and answers how to stop; the embedded database has no others. */
  listen?(echo: string, hearing: Hearing): () => Promise<void>;
  /** What another process of this machine may ask, by the folder of the embedded database. */
  readonly lock?: FolderLock;
  close(): Promise<void>;
}

interface Options {
  /** A `postgres://` URL; without it the embedded database under `dataDir` serves. */
  readonly databaseUrl?: string | undefined;
  readonly dataDir: string;
}

/** Opens the database and brings its schema up to date. */
export const openDatabase = ({ databaseUrl, dataDir }: Options): Promise<Database> =>
  databaseUrl ? openServer(databaseUrl) : openFolder(dataDir);

async function openServer(url: string): Promise<Database> {
  const client = connectForMaintenance(url);
  try {
    await migrate(client);
  } finally {
    await client.end({ timeout: 5 });
  }
  const pool = new Pool(url, { ...common, connection: { ...common.connection, ...timeouts } });
  return {
    ...databaseOf(pool.client),
    kind: 'postgresql',
    pool: pool.usage,
    listen: (echo, hearing) => listenForEver((on) => openLine(url, on), echo, hearing),
    close: pool.end,
  };
}

async function openFolder(dataDir: string): Promise<Database> {
  const { embedded, client, close } = await connectToFolder(dataDir);
  try {
    await migrate(client);
  } catch (error) {
    await close();
    throw error;
  }
  embedded.startHousekeeping(client);
  return { ...databaseOf(client), kind: 'embedded', lock: embedded.lock, close };
}

async function connectToFolder(dataDir: string) {
  const embedded = await openEmbedded(dataDir);
  // PGlite serves one connection: more interleave their statements and fail.
  const client = postgres({ ...embedded.connection, max: 1, ...common });
  const close = async () => {
    await client.end({ timeout: 5 });
    await embedded.close();
  };
  return { embedded, client, close };
}

/** The database as it is, for a backup or a restore: no migrations. */
export async function openAsItIs({ databaseUrl, dataDir }: Options): Promise<Pick<Database, 'db' | 'close'>> {
  if (!databaseUrl) {
    const { client, close } = await connectToFolder(dataDir);
    return { db: drizzle({ client }), close };
  }
  const client = connectForMaintenance(databaseUrl);
  return { db: drizzle({ client }), close: () => client.end({ timeout: 5 }) };
}

/** One connection that may take its time: migrations wait for each other, and a backup reads everything. */
const connectForMaintenance = (url: string): Sql => postgres(url, { ...common, max: 1 });

function databaseOf(client: Sql): Pick<Database, 'db' | 'ping'> {
  const ping = async (timeoutMs: number) => {
    await Promise.race([client.unsafe('select 1'), rejectAfter(timeoutMs)]);
  };
  return { db: drizzle({ client }), ping };
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
  connect_timeout: 10,
  // No array travels as one. Its query on each new connection rejects where nobody listens when the server goes away.
  fetch_types: false,
  connection: { application_name: 'rondo', timezone: 'UTC' },
} as const;

// What PostgreSQL ends by itself; the URL may say otherwise (`?statement_timeout=60000`).
const timeouts = {
  statement_timeout: 30_000,
  // Another server's writer holds a run for one flush.
  lock_timeout: 10_000,
  // A server that froze within a transaction must not hold its runs for ever.
  idle_in_transaction_session_timeout: 30_000,
} as const;

const rejectAfter = (ms: number) =>
  new Promise<never>((_, reject) => setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms).unref());
