import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

export const root = resolve(import.meta.dirname, '../..');
export const admin = { username: 'admin', password: 'correct horse battery staple' };

interface Ready {
  readonly type: 'ready';
  readonly url: string;
  readonly sign_in_link: string;
  readonly runs: number;
}

const startMs = 120_000;

/** The real server on a data folder and a port of its own; it can be killed and started again. */
export class TestServer {
  readonly url: string;
  readonly dataDir: string;
  /** Where a frontend's dev server would be: this origin may call the server. */
  readonly devOrigin: string;
  #port: number;
  #child: ChildProcess | null = null;
  #ready: Ready | null = null;
  #log = '';

  readonly #settings: Record<string, string>;

  private constructor(dataDir: string, port: number, devPort: number, settings: Record<string, string>) {
    this.#settings = settings;
    this.dataDir = dataDir;
    this.url = `http://127.0.0.1:${port}`;
    this.devOrigin = `http://127.0.0.1:${devPort}`;
    this.#port = port;
  }

  static async start(settings: Record<string, string> = {}): Promise<TestServer> {
    const dataDir = await mkdtemp(join(tmpdir(), 'rondo-e2e-'));
    const server = new TestServer(dataDir, await freePort(), await freePort(), settings);
    await server.start();
    return server;
  }

  get signInLink(): string {
    return this.#ready?.sign_in_link ?? '';
  }

  /** What it said, warnings and errors only. */
  get log(): string {
    return this.#log;
  }

  async start(): Promise<void> {
    const child = spawn(process.execPath, ['backend/src/main.ts', '--local'], {
      cwd: root,
      env: {
        ...process.env,
        NODE_ENV: 'production',
        HOST: '127.0.0.1',
        PORT: String(this.#port),
        DATA_DIR: this.dataDir,
        ADMIN_PASSWORD: admin.password,
        ALLOWED_ORIGINS: this.devOrigin,
        LOG_LEVEL: 'warn',
        ...this.#settings,
      },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.#log = (this.#log + chunk).slice(-20_000);
      });
    }
    this.#ready = await this.#readyOf(child);
  }

  #readyOf(child: ChildProcess): Promise<Ready> {
    return new Promise((done, failed) => {
      const fail = (why: string) => failed(new Error(`The server ${why}:\n${this.#log}`));
      const timer = setTimeout(() => fail(`was not ready within ${startMs} ms`), startMs);
      child.on('message', (message: Ready) => {
        if (message.type !== 'ready') return;
        clearTimeout(timer);
        done(message);
      });
      child.on('exit', (code, signal) => {
        clearTimeout(timer);
        fail(`ended (${signal ?? code})`);
      });
    });
  }

  /** As the out-of-memory killer does it: nothing can be tidied up. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async stop(): Promise<void> {
    await this.#end('SIGTERM');
    await rm(this.dataDir, { recursive: true, force: true });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }
}

export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  if (address === null || typeof address === 'string') throw new Error('The probe has no port');
  probe.close();
  await once(probe, 'close');
  return address.port;
}
