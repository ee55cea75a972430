import { drizzle } from 'drizzle-orm/node-postgres';
import pg from 'pg';
import { startPeriodic } from '../periodic.ts';
import type { Db } from './db.ts';
import { openEmbedded } from './embedded.ts';
import type { FolderLock } from './folder-lock.ts';
import { Hosts } from './hosts.ts';
import { migrate } from './migrate.ts';
import { type Place, Pool, type PoolUsage } from './pool.ts';

/** A connection for LISTEN. */
export interface ListenConnection {
  query(text: string, values?: string[]): Promise<unknown>;
  end(): Promise<void>;
}

/** Opens one; `onClose` is called when it ends, for whatever reason. */
export type OpenListenConnection = (on: {
  onNotify: (payload: string) => void;
  onClose: () => void;
}) => ListenConnection;

export interface Database {
  readonly db: Db;
  readonly kind: 'embedded' | 'postgresql';
  /** Runs a trivial query; rejects after `timeoutMs`. */
  ping(timeoutMs: number): Promise<void>;
  /** Usage of the connection pool. Absent for the embedded database, which has one connection. */
  pool?(): PoolUsage;
  /** Absent for the embedded database, which serves one process only. */
  readonly openListenConnection?: OpenListenConnection;
  /** Lets other processes on this machine reach the owner of the embedded database's folder. */
  readonly lock?: FolderLock;
  /** Copies the embedded database into a folder, while it works. */
  copyTo?(folder: string): Promise<void>;
  close(): Promise<void>;
}

interface Options {
  /** A `postgres://` URL. If absent, the embedded database under `dataDir` is used. */
  readonly databaseUrl?: string | undefined;
  readonly dataDir: string;
}

/** Opens the database and brings its schema up to date. */
export const openDatabase = ({ databaseUrl, dataDir }: Options): Promise<Database> =>
  databaseUrl ? openServer(databaseUrl) : openFolder(dataDir);

async function openServer(url: string): Promise<Database> {
  const maintenance = openPool({ url }, forMaintenance);
  try {
    // A server that is away is a message for the operator, not a failed migration.
    await maintenance.pool.query('select 1');
    await migrate(maintenance.db);
  } finally {
    await maintenance.pool.end();
  }
  const limits = { size: 30, kept: 10, patienceMs: 10_000 };
  const { pool, db, ping } = openPool({ url }, limits, timeoutsOf(url));
  // The next connection that listens goes to the next host. [D4]
  const hosts = new Hosts(url);
  return {
    db,
    ping,
    kind: 'postgresql',
    pool: pool.usage,
    openListenConnection: (on) => openListenConnection(hosts, on),
    close: () => pool.end(),
  };
}

async function openFolder(dataDir: string): Promise<Database> {
  const { embedded, db, ping, close } = await connectToFolder(dataDir);
  try {
    await migrate(db);
  } catch (error) {
    await close();
    throw error;
  }
  const stopHousekeeping = embedded.startHousekeeping(db);
  const looks = lookNowAndThen(ping);
  return {
    db,
    ping: looks.ping,
    kind: 'embedded',
    lock: embedded.lock,
    copyTo: (folder) => embedded.copyTo(db, folder),
    close: async () => {
      await Promise.all([stopHousekeeping(), looks.stop()]);
      await close();
    },
  };
}

const lookEveryMs = 500;
const freshMs = 2_000;
const lookPatienceMs = 3_000;

/** One connection serves all, so a look waits for whatever is at work: who asks gets the result of the last look. */
function lookNowAndThen(look: Database['ping']): { ping: Database['ping']; stop: () => Promise<void> } {
  let answeredAt = Number.NEGATIVE_INFINITY;
  const ping = async (timeoutMs: number) => {
    if (performance.now() - answeredAt < freshMs) return;
    await look(timeoutMs);
    answeredAt = performance.now();
  };
  const stop = startPeriodic(
    async () => {
      await look(lookPatienceMs);
      answeredAt = performance.now();
    },
    { everyMs: lookEveryMs },
    () => {}, // The next who asks looks as well.
  );
  return { ping, stop };
}

async function connectToFolder(dataDir: string) {
  const embedded = await openEmbedded(dataDir);
  const { pool, db, ping } = openPool(embedded, forMaintenance);
  const close = async () => {
    await pool.end();
    await embedded.close();
  };
  return { embedded, db, ping, close };
}

/** Opens the database without migrating it, for a backup or a restore. */
export async function openAsItIs({ databaseUrl, dataDir }: Options): Promise<Pick<Database, 'db' | 'close'>> {
  if (!databaseUrl) return connectToFolder(dataDir);
  const { pool, db } = openPool({ url: databaseUrl }, forMaintenance);
  return { db, close: () => pool.end() };
}

/** PGlite has one connection. Migrations wait for each other and a backup reads everything: they have no timeouts. */
const forMaintenance = { size: 1, kept: 1, patienceMs: 0 };

/** A database on connections of its own. */
export function openPool(place: Place, limits = forMaintenance, settings: pg.ClientConfig = {}) {
  const pool = new Pool(place, limits, settings);
  // What drizzle uses of its driver: see `Pool`.
  const db = drizzle({ client: pool as unknown as pg.Pool }) as unknown as Db;
  const ping = async (timeoutMs: number) => {
    await Promise.race([pool.query('select 1'), rejectAfter(timeoutMs)]);
  };
  return { pool, db, ping };
}

function openListenConnection(
  hosts: Hosts,
  { onNotify, onClose }: Parameters<OpenListenConnection>[0],
): ListenConnection {
  const url = hosts.current;
  const client = new pg.Client({ connectionString: url, application_name: 'rondo doorbell', keepAlive: true });
  const closed = () => {
    hosts.failed(url);
    onClose();
  };
  client.on('notification', ({ payload }) => onNotify(payload ?? ''));
  client.on('error', closed);
  client.on('end', closed);
  const connected = client.connect();
  connected.catch(closed);
  return {
    query: async (text, values) => {
      await connected;
      return client.query(text, values);
    },
    end: async () => {
      // A connection that was lost has no end.
      client.connection.stream.destroy();
    },
  };
}

// Enforced by PostgreSQL. The URL can override them (`?statement_timeout=60000`).
const timeouts = {
  statement_timeout: 30_000,
  // Another server's writer holds a run for one flush.
  lock_timeout: 10_000,
  // A server that froze within a transaction must release its run locks.
  idle_in_transaction_session_timeout: 30_000,
} as const;

// PostgreSQL says when a statement took too long, unless its machine is gone without a word.
const beyondMs = 5_000;

function timeoutsOf(url: string): pg.ClientConfig {
  const statementMs = Number(/[?&]statement_timeout=(\d+)/.exec(url)?.[1] ?? timeouts.statement_timeout);
  return { ...timeouts, ...(statementMs > 0 && { query_timeout: statementMs + beyondMs }) };
}

const rejectAfter = (ms: number) =>
  new Promise<never>((_, reject) => setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms).unref());
