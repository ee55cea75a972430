import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { reachableBinaries } from './postgres-binaries.ts';
import { childrenOf, isAlive, signal } from './signals.ts';

export interface PostgresServer {
  /** Creates an empty database, or a copy of one to which there is no connection, and answers its URL. */
  createDatabase(name: string, options?: { readonly template?: string }): Promise<string>;
  /** Stops it as an operator's restart does, and keeps what it stores. */
  halt(): Promise<void>;
  resume(): Promise<void>;
  /** Its processes, the first one being the one that starts the others. */
  processes(): Promise<number[]>;
  /** Kills all of them with -9; `resume` starts it again. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

interface Options {
  /** Where its folder is made. */
  readonly parent?: string;
  /** More options of the server, such as `-c` and a setting. */
  readonly flags?: readonly string[];
}

/** A real PostgreSQL server with its own folder and port, deleted afterwards. */
export async function startPostgres({ parent = tmpdir(), flags = [] }: Options = {}): Promise<PostgresServer> {
  const databaseDir = await mkdtemp(join(parent, 'rondo-pg-'));
  const port = await freePort();
  const said: string[] = [];
  const { EmbeddedPostgres, remove } = await reachableBinaries();
  const server = new EmbeddedPostgres({
    databaseDir,
    port,
    user: 'rondo',
    password: 'rondo',
    // Its folder is removed below; a halt must not do it.
    persistent: true,
    // PostgreSQL does not run as root.
    createPostgresUser: userInfo().uid === 0,
    // Durability does not matter: the data is deleted anyway.
    initdbFlags: ['--no-sync', '--encoding=UTF8'],
    postgresFlags: ['-c', 'fsync=off', '-c', 'unix_socket_directories=', '-c', 'listen_addresses=127.0.0.1', ...flags],
    onLog: (line) => said.push(line),
    onError: (error) => said.push(String(error)),
  });
  const processes = async () => {
    const postmaster = Number((await readFile(join(databaseDir, 'postmaster.pid'), 'utf8')).split('\n', 1)[0]);
    return [postmaster, ...childrenOf(postmaster)];
  };
  const stop = async () => {
    await server.stop();
    await rm(databaseDir, { recursive: true, force: true });
    await remove();
  };
  try {
    await server.initialise();
    await server.start();
  } catch (error) {
    await stop();
    throw new Error(`PostgreSQL did not start:\n${said.join('')}`, { cause: error });
  }
  return {
    createDatabase: async (name, { template = 'template1' } = {}) => {
      const client = server.getPgClient('postgres', '127.0.0.1');
      await client.connect();
      const [made, from] = [client.escapeIdentifier(name), client.escapeIdentifier(template)];
      await client.query(`create database ${made} template ${from}`);
      await client.end();
      return `postgres://rondo:rondo@127.0.0.1:${port}/${name}`;
    },
    halt: () => server.stop(),
    resume: () => server.start(),
    processes,
    kill: async () => {
      const pids = await processes();
      for (const pid of pids) signal(pid, 'SIGKILL');
      while (pids.some(isAlive)) await wait(5);
    },
    stop,
  };
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
