import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { freePort, type PostgresServer, startPostgres } from '../postgres.ts';
import { type ServerProcess, startProcess } from '../process.ts';
import { NotPossible } from './report.ts';

export const admin = { username: 'admin', password: 'correct horse battery' };
/** Longer than anything may take that needs no person, on a busy machine. */
export const patienceMs = 120_000;

export interface SiteOptions {
  readonly database: 'embedded' | 'postgresql';
  readonly servers?: number;
  /** Settings of the servers. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Options of their Node.js. */
  readonly node?: readonly string[];
  /** The address by which the servers reach the database. */
  readonly viaDatabase?: (url: string) => Promise<string>;
  /** Another database than one of `postgres`; its owner stops it. */
  readonly databaseUrl?: string;
  /** Where everything is stored; a new folder, unless it is given. */
  readonly folder?: string;
  /** A PostgreSQL that runs already; its owner stops it. */
  readonly postgres?: PostgresServer | undefined;
}

/** A server that can be killed, frozen and started again at the same address. */
export class FaultyServer {
  readonly url: string;
  readonly #settings: Record<string, string>;
  readonly #node: readonly string[];
  #process: ServerProcess | undefined;

  constructor(port: number, settings: Record<string, string>, node: readonly string[]) {
    this.url = `http://127.0.0.1:${port}`;
    this.#settings = { ...settings, PORT: String(port) };
    this.#node = node;
  }

  /** Returns before it listens. */
  spawn(): ServerProcess {
    this.#process = startProcess(this.#settings, [], this.#node);
    return this.#process;
  }

  async start(): Promise<void> {
    await this.spawn().url;
  }

  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.#process?.ended;
  }

  signal(name: NodeJS.Signals): void {
    this.#process?.child.kill(name);
  }

  get isRunning(): boolean {
    return this.#process?.child.exitCode === null && this.#process.child.signalCode === null;
  }

  /** How it ended; the sign that it was asked to. */
  async end(): Promise<{ code: number | null; tookMs: number; said: string }> {
    const before = performance.now();
    this.signal('SIGTERM');
    const { code, said } = (await this.#process?.ended) ?? { code: null, said: '' };
    return { code, tookMs: performance.now() - before, said };
  }
}

export interface Site {
  readonly servers: readonly FaultyServer[];
  readonly postgres: PostgresServer | undefined;
  readonly folder: string;
  close(): Promise<void>;
}

/** Servers over one database, running. Throws `NotPossible` where PostgreSQL cannot run. */
export async function openSite({
  database,
  servers: count = 1,
  settings = {},
  node = [],
  ...options
}: SiteOptions): Promise<Site> {
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'rondo-fault-')));
  const isEmbedded = database === 'embedded';
  const own = !isEmbedded && !options.postgres && !options.databaseUrl ? await startOwn() : undefined;
  const postgres = isEmbedded ? undefined : (options.postgres ?? own);
  const through = options.viaDatabase ?? (async (url: string) => url);
  const databaseUrl =
    options.databaseUrl ?? (postgres && (await through(await postgres.createDatabase(`site${Date.now()}`))));
  const servers: FaultyServer[] = [];
  for (let n = 0; n < count; n++) {
    const own = {
      DATA_DIR: join(folder, `data-${n}`),
      SECRET_KEY: 'the same on all servers of one database',
      ADMIN_PASSWORD: admin.password,
      TMPDIR: folder,
      ...(databaseUrl && { DATABASE_URL: databaseUrl }),
      ...settings,
    };
    servers.push(new FaultyServer(await freePort(), own, node));
  }
  const site: Site = {
    servers,
    postgres,
    folder,
    close: async () => {
      for (const server of servers) server.signal('SIGCONT');
      await Promise.all(servers.map((server) => server.kill()));
      await own?.stop();
      if (!options.folder) await rm(folder, { recursive: true, force: true });
    },
  };
  try {
    for (const server of servers) await server.start();
  } catch (error) {
    await site.close();
    throw error;
  }
  return site;
}

async function startOwn(): Promise<PostgresServer> {
  try {
    return await startPostgres();
  } catch (error) {
    throw new NotPossible(`PostgreSQL does not run here: ${(error as Error).message.split('\n', 1)[0]}`);
  }
}

/** The access token of the admin. */
export async function signIn(url: string): Promise<string> {
  return (await post<{ access_token: string }>(`${url}/api/auth/login`, admin)).access_token;
}

/** Reports events in a batch of its own. */
export const report = (url: string, key: string, events: readonly unknown[]): Promise<Response> =>
  fetch(`${url}/api/ingest`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: JSON.stringify({ reporter_id: randomUUID(), batch: 1, events }),
  });

/** An ordinary key, which may report and read. */
export async function makeKey(url: string): Promise<string> {
  const access_token = await signIn(url);
  const wanted = { name: 'faults', scopes: ['ingest', 'models', 'read'] };
  const { key } = await post<{ key: string }>(`${url}/api/keys`, wanted, { authorization: `Bearer ${access_token}` });
  return key;
}

async function post<T>(url: string, body: object, headers: Record<string, string> = {}): Promise<T> {
  const all = { 'content-type': 'application/json', ...headers };
  const answer = await fetch(url, { method: 'POST', headers: all, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
  return (await answer.json()) as T;
}

/** Waits for what must come by itself. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = performance.now() + patienceMs; performance.now() < end; await wait(10)) if (await isSo()) return;
  throw new Error(`${what}: not within ${patienceMs / 1_000} s`);
}
