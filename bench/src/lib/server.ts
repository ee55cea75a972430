import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf, startNode, stopNode } from './children.ts';
import { Rest } from './rest.ts';
import type { Held, Settled } from './server-probe.ts';

export const admin = { username: 'admin', password: 'correct horse battery staple' };
const startMs = 60_000;
const drainMs = 15_000;
const probe = join(import.meta.dirname, 'server-probe.ts');

interface Options {
  readonly databaseUrl?: string;
  readonly profileFolder?: string | null;
  /** The same for the servers of one database. */
  readonly secretKey?: string;
  readonly settings?: Readonly<Record<string, string>>;
  /** Modules that are loaded before the server. */
  readonly preload?: readonly string[];
  /** Data that is kept; by default it has a new folder, which is deleted. */
  readonly dataDir?: string;
}

/** The server as people run it, in a process, on a port and with data of its own. */
export class BenchServer {
  readonly url: string;
  readonly child: ChildProcess;
  readonly dataDir: string;
  readonly #isKept: boolean;

  private constructor(url: string, child: ChildProcess, dataDir: string, isKept: boolean) {
    this.url = url;
    this.child = child;
    this.dataDir = dataDir;
    this.#isKept = isKept;
  }

  static async start({
    databaseUrl = '',
    profileFolder = null,
    secretKey = '',
    settings = {},
    preload = [],
    dataDir: given,
  }: Options = {}): Promise<BenchServer> {
    const dataDir = given ?? (await makeFolder());
    const port = await freePort();
    const profile = profileFolder ? ['--cpu-prof', '--cpu-prof-dir', profileFolder] : [];
    const child = startNode(
      [
        '--max-semi-space-size=8',
        '--expose-gc',
        '--import',
        probe,
        ...preload.flatMap((path) => ['--import', path]),
        ...profile,
        'backend/src/main.ts',
      ],
      {
        env: {
          // All viewers of a benchmark are one user at one address.
          SOCKETS_PER_USER: '20000',
          SOCKETS_PER_ADDRESS: '20000',
          ...process.env,
          NODE_ENV: 'production',
          HOST: '127.0.0.1',
          PORT: String(port),
          DATA_DIR: dataDir,
          DATABASE_URL: databaseUrl,
          SECRET_KEY: secretKey,
          ADMIN_USERNAME: admin.username,
          ADMIN_PASSWORD: admin.password,
          LOG_LEVEL: 'warn',
          ...settings,
        },
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      },
    );
    const server = new BenchServer(`http://127.0.0.1:${port}`, child, dataDir, given !== undefined);
    try {
      await messageOf(child, 'ready', startMs);
    } catch (error) {
      await server.stop();
      throw error;
    }
    return server;
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  signIn = (): Promise<Rest> => Rest.signIn(this.url, admin);

  /** Collects garbage. */
  async settle(): Promise<void> {
    const settled = messageOf<Settled>(this.child, 'settled', 30_000);
    this.child.send('settle');
    await settled;
  }

  /** What the process holds, after its garbage was collected. */
  async held(): Promise<Held> {
    const held = messageOf<Held>(this.child, 'held', 60_000);
    this.child.send('hold');
    return held;
  }

  async stop(): Promise<void> {
    await stopNode(this.child, drainMs);
    if (!this.#isKept) await rm(this.dataDir, { recursive: true, force: true });
  }
}

const makeFolder = () => mkdtemp(join(tmpdir(), 'rondo-bench-'));

/** A folder for several servers, one after the other. */
export async function withDataDir<T>(work: (dataDir: string) => Promise<T>): Promise<T> {
  const dataDir = await makeFolder();
  try {
    return await work(dataDir);
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** A server for one piece of work, whatever becomes of the work. */
export async function withServer<T>(
  options: Options,
  work: (server: BenchServer, rest: Rest) => Promise<T>,
): Promise<T> {
  const server = await BenchServer.start(options);
  try {
    return await work(server, await server.signIn());
  } finally {
    await server.stop();
  }
}

export async function freePort(): Promise<number> {
  const socket = createServer().listen(0, '127.0.0.1');
  await once(socket, 'listening');
  const address = socket.address();
  socket.close();
  await once(socket, 'close');
  if (address === null || typeof address === 'string') throw new Error('the socket has no port');
  return address.port;
}
