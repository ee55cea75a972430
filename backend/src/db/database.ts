import { drizzle } from 'drizzle-orm/postgres-js';
import postgres, { type Sql } from 'postgres';
import { startPeriodic } from '../periodic.ts';
import type { Db } from './db.ts';
import { openEmbedded } from './embedded.ts';
import type { FolderLock } from './folder-lock.ts';
import { addressesOf, Hosts } from './hosts.ts';
import { keeping } from './kept.ts';
import { migrate } from './migrate.ts';
import { Pool, type PoolUsage } from './pool.ts';

/** Opens a connection for LISTEN; `onClose` is called when it ends, for whatever reason. */
export type OpenListenConnection = (on: { onNotify: (payload: string) => void; onClose: () => void }) => Sql;

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
  const client = connectForMaintenance(await writableAddress(url));
  try {
    await migrate(client);
  } finally {
    await client.end({ timeout: 5 });
  }
  // Of several servers the next listening connection goes to the next one. [D4]
  const hosts = new Hosts(url);
  const pool = new Pool(url, { ...common, connection: { ...common.connection, ...timeouts } });
  return {
    ...databaseOf(pool.client),
    kind: 'postgresql',
    pool: pool.usage,
    openListenConnection: (on) => openListenConnection(hosts, on),
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
  const stopHousekeeping = embedded.startHousekeeping(client);
  const own = databaseOf(keeping(client));
  const looks = lookNowAndThen(own.ping);
  return {
    ...own,
    ping: looks.ping,
    kind: 'embedded',
    lock: embedded.lock,
    copyTo: (folder) => embedded.copyTo(client, folder),
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
  // PGlite serves one connection: more interleave their statements and fail.
  const client = postgres({ ...embedded.connection, max: 1, ...common });
  const close = async () => {
    await client.end({ timeout: 5 });
    await embedded.close();
  };
  return { embedded, client, close };
}

/** Opens the database without migrating it, for a backup or a restore. */
export async function openAsItIs({ databaseUrl, dataDir }: Options): Promise<Pick<Database, 'db' | 'close'>> {
  if (!databaseUrl) {
    const { client, close } = await connectToFolder(dataDir);
    return { db: drizzle({ client }), close };
  }
  const client = connectForMaintenance(await writableAddress(databaseUrl));
  return { db: drizzle({ client }), close: () => client.end({ timeout: 5 }) };
}

/** Of several servers the first that takes writes; their last error if none does. [D4] */
async function writableAddress(url: string): Promise<string> {
  const addresses = addressesOf(url);
  let problem: unknown;
  for (const address of addresses.length > 1 ? addresses : []) {
    const client = connectForMaintenance(address);
    try {
      const [row] = await client<{ is_read_only: string }[]>`
        select current_setting('transaction_read_only') as is_read_only`;
      if (row?.is_read_only === 'off') return address;
      problem ??= new Error('no server of DATABASE_URL takes writes: all that answer are standbys');
    } catch (error) {
      problem = error;
    } finally {
      await client.end({ timeout: 5 });
    }
  }
  if (addresses.length > 1) throw problem;
  return url;
}

/** One connection without timeouts: migrations wait for each other, and a backup reads everything. */
const connectForMaintenance = (url: string): Sql => postgres(url, { ...common, max: 1 });

function databaseOf(client: Sql): Pick<Database, 'db' | 'ping'> {
  const ping = async (timeoutMs: number) => {
    await Promise.race([client.unsafe('select 1'), rejectAfter(timeoutMs)]);
  };
  return { db: drizzle({ client }), ping };
}

/** The `listen` of postgres.js neither reports an interruption nor detects a connection that died silently. */
function openListenConnection(hosts: Hosts, { onNotify, onClose }: Parameters<OpenListenConnection>[0]): Sql {
  const url = hosts.current;
  const onclose = () => {
    hosts.failed(url);
    onClose();
  };
  const onnotify = (_channel: string, payload: string) => onNotify(payload);
  const connection = { ...common.connection, application_name: 'rondo doorbell' };
  const lasting = { max: 1, max_lifetime: null, idle_timeout: undefined };
  const options = { ...common, ...lasting, connection, onnotify, onclose };
  return postgres(url, options);
}

const common = {
  onnotice: () => {},
  connect_timeout: 10,
  // We send no arrays. The driver's type query on connect rejects unhandled if the server goes away.
  fetch_types: false,
  connection: { application_name: 'rondo', timezone: 'UTC' },
} as const;

// Enforced by PostgreSQL. The URL can override them (`?statement_timeout=60000`).
const timeouts = {
  statement_timeout: 30_000,
  // Another server's writer holds a run for one flush.
  lock_timeout: 10_000,
  // A server that froze within a transaction must release its run locks.
  idle_in_transaction_session_timeout: 30_000,
} as const;

const rejectAfter = (ms: number) =>
  new Promise<never>((_, reject) => setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms).unref());
