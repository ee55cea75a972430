import { mkdtemp, rm } from 'node:fs/promises';
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
  withOldDatabases(database, options, async (server) => {
    await server.start();
  });

/** The same, but the first start is killed with -9 at a seeded moment, in or near its migrations; then it is started again. */
export const killMigration = (database: Kind) => async (options: FaultOptions) => {
  const random = seeded(options.seed);
  const before = performance.now();
  const undisturbed = await upgrade(database)({ ...options, count: 1, say: () => {} });
  if (undisturbed.troubles.length > 0) return undisturbed;
  // With the restore before it, which makes the moments reach beyond the start.
  const startMs = performance.now() - before;
  return withOldDatabases(database, options, async (server) => {
    server.spawn();
    await wait(random() * startMs);
    await server.kill();
    await server.start();
  });
};

/** For each time: a database of the first release, a start, and a comparison of all answers. */
async function withOldDatabases(
  database: Kind,
  { seed, count, say, ...options }: FaultOptions,
  begin: (server: FaultyServer) => Promise<void>,
): Promise<FaultReport> {
  const folder = await mkdtemp(join(tmpdir(), 'rondo-upgrade-'));
  const own = database === 'postgresql' && !options.postgres ? await startPostgres() : undefined;
  const postgres = database === 'postgresql' ? (options.postgres ?? own) : undefined;
  const report = { injected: 0, acknowledged: 0, lost: 0, doubled: 0, troubles: [] as string[] };
  try {
    for (let time = 0; time < count; time++) {
      const dataDir = join(folder, `data-${time}`);
      const databaseUrl = await postgres?.createDatabase(`upgrade${Date.now()}`);
      await restoreFirstRelease({ dataDir, databaseUrl });
      const settings = { DATA_DIR: dataDir, TMPDIR: folder, ...(databaseUrl && { DATABASE_URL: databaseUrl }) };
      const server = new FaultyServer(await freePort(), settings, []);
      try {
        await begin(server);
        const { compared, troubles } = await compareWithFirstRelease(server.url);
        report.acknowledged += compared;
        report.lost += troubles.length;
        report.troubles.push(...troubles.map((trouble) => `seed ${seed}, time ${time}: ${trouble}`));
      } finally {
        await server.kill();
      }
      report.injected += 1;
      await rm(dataDir, { recursive: true, force: true });
      say(`${database}: ${report.injected} times, ${report.acknowledged} values compared, ${report.lost} different`);
    }
    return report;
  } finally {
    await own?.stop();
    await rm(folder, { recursive: true, force: true });
  }
}
