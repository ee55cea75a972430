import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { freePort, startPostgres } from '../postgres.ts';
import { seeded } from '../random.ts';
import { compareWithFirstRelease, restoreFirstRelease } from './first-release.ts';
import type { FaultOptions, FaultReport } from './report.ts';
import { FaultyServer } from './site.ts';

type Kind = 'embedded' | 'postgresql';

/** A database of the first release is opened by this one, and every answer is as it was. */
export const upgrade = (database: Kind) => (options: FaultOptions) =>
  withOldDatabases(database, options, async (begin) => {
    for (let time = 0; time < options.count; time++) await begin((server) => server.start());
  });

/** The same, but the first start is killed with -9 at a seeded moment, in or near its migrations; then it is started again. */
export const killMigration = (database: Kind) => (options: FaultOptions) =>
  withOldDatabases(database, options, async (begin) => {
    const random = seeded(options.seed);
    let startMs = 0;
    // Beside it no fault is injected; it shows how long a start takes on this machine.
    await begin(
      async (server) => {
        const before = performance.now();
        await server.start();
        startMs = performance.now() - before;
      },
      { isFault: false },
    );
    for (let time = 0; time < options.count; time++)
      await begin(async (server) => {
        server.spawn();
        await wait(random() * startMs * beyondTheStart);
        await server.kill();
        await server.start();
      });
  });

// A few of the kills come after the start.
const beyondTheStart = 1.1;

/** A start of a server on a database of the first release, after which all answers are compared. */
type Begin = (start: (server: FaultyServer) => Promise<void>, options?: { isFault: boolean }) => Promise<void>;

/** The database of the first release is made once, because that takes far longer than a copy of it. */
async function withOldDatabases(
  database: Kind,
  { seed, say, ...options }: FaultOptions,
  work: (begin: Begin) => Promise<void>,
): Promise<FaultReport> {
  const folder = await mkdtemp(join(tmpdir(), 'rondo-upgrade-'));
  const own = database === 'postgresql' && !options.postgres ? await startPostgres() : undefined;
  const postgres = database === 'postgresql' ? (options.postgres ?? own) : undefined;
  const report = { injected: 0, acknowledged: 0, lost: 0, doubled: 0, troubles: [] as string[] };
  try {
    const original = join(folder, 'original');
    const template = `first${Date.now()}`;
    await restoreFirstRelease({ dataDir: original, databaseUrl: await postgres?.createDatabase(template) });
    let copies = 0;
    await work(async (start, { isFault } = { isFault: true }) => {
      copies += 1;
      const dataDir = join(folder, `data-${copies}`);
      await cp(original, dataDir, { recursive: true });
      const databaseUrl = await postgres?.createDatabase(`${template}_${copies}`, { template });
      const settings = { DATA_DIR: dataDir, TMPDIR: folder, ...(databaseUrl && { DATABASE_URL: databaseUrl }) };
      const server = new FaultyServer(await freePort(), settings, []);
      try {
        await start(server);
        const { compared, troubles } = await compareWithFirstRelease(server.url);
        report.acknowledged += compared;
        report.lost += troubles.length;
        report.troubles.push(...troubles.map((trouble) => `seed ${seed}, copy ${copies}: ${trouble}`));
      } finally {
        await server.kill();
      }
      if (isFault) report.injected += 1;
      await rm(dataDir, { recursive: true, force: true });
      say(`${database}: ${report.injected} times, ${report.acknowledged} values compared, ${report.lost} different`);
    });
    return report;
  } finally {
    await own?.stop();
    await rm(folder, { recursive: true, force: true });
  }
}
