import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

export const root = resolve(import.meta.dirname, '../..');
export const admin = { username: 'admin', password: 'correct horse battery staple' };
/** The address of the frontend's dev server: allowed to call the tested server. */
export const devOrigin = 'http://localhost:5173';

interface Ready {
  readonly type: 'ready';
  readonly url: string;
  readonly sign_in_link: string;
  readonly runs: number;
}

const startMs = 45_000;

/** The real server on a data folder and a port of its own; it can be killed and started again. */
export class TestServer {
  readonly url: string;
  readonly dataDir: string;
  #port: number;
  #child: ChildProcess | null = null;
  #ready: Ready | null = null;

  private constructor(dataDir: string, port: number) {
    this.dataDir = dataDir;
    this.url = `http://127.0.0.1:${port}`;
    this.#port = port;
  }

  static async start(): Promise<TestServer> {
    const server = new TestServer(await mkdtemp(join(tmpdir(), 'rondo-e2e-')), await freePort());
    await server.start();
    return server;
  }

  get signInLink(): string {
    return this.#ready?.sign_in_link ?? '';
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
        ALLOWED_ORIGINS: devOrigin,
        LOG_LEVEL: 'warn',
      },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.#child = child;
    this.#ready = await readyOf(child);
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

function readyOf(child: ChildProcess): Promise<Ready> {
  let output = '';
  const keep = (chunk: Buffer) => {
    output = (output + chunk).slice(-4_000);
  };
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  return new Promise((done, failed) => {
    const fail = (why: string) => failed(new Error(`The server ${why}:\n${output}`));
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

export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  if (address === null || typeof address === 'string') throw new Error('The probe has no port');
  probe.close();
  await once(probe, 'close');
  return address.port;
}
