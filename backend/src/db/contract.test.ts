import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestDatabase } from '../../testing/database.ts';
import { commandContract } from '../../testing/db/command-contract.ts';
import { ingestContract } from '../../testing/db/ingest-contract.ts';
import { liveContract } from '../../testing/db/live-contract.ts';
import { metricNamesContract } from '../../testing/db/metric-names-contract.ts';
import { modelContract } from '../../testing/db/model-contract.ts';
import { oneUseContract } from '../../testing/db/one-use-contract.ts';
import { pageContract } from '../../testing/db/page-contract.ts';
import { projectContract } from '../../testing/db/project-contract.ts';
import { queryContract } from '../../testing/db/query-contract.ts';
import { runPagesContract } from '../../testing/db/run-pages-contract.ts';
import { seriesContract } from '../../testing/db/series-contract.ts';
import { aWholeRound, makeRun } from '../../testing/facts.ts';
import { type PostgresServer, startPostgres } from '../../testing/postgres.ts';
import { makeWriter } from '../../testing/writer.ts';
import { type Database, openDatabase } from './database.ts';
import { findRun } from './queries/runs.ts';

let postgres: PostgresServer | undefined;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres?.stop());

const server = (): PostgresServer => {
  if (!postgres) throw new Error('PostgreSQL is not running');
  return postgres;
};

const engines = [
  { engine: 'the embedded database', open: openTestDatabase },
  {
    engine: 'PostgreSQL',
    open: async () => openDatabase({ databaseUrl: await server().createDatabase('contract'), dataDir: '/nowhere' }),
  },
];

describe.each(engines)('$engine', ({ open }) => {
  let database: Database | undefined;
  beforeAll(async () => {
    database = await open();
  });
  afterAll(() => database?.close());

  const opened = (): Database => {
    if (!database) throw new Error('the database is not open');
    return database;
  };
  ingestContract(opened);
  liveContract(opened);
  modelContract(opened);
  queryContract(opened);
  pageContract(opened);
  seriesContract(opened);
  metricNamesContract(opened);
  commandContract(opened);
  oneUseContract(opened);
  projectContract(opened);
  runPagesContract(opened);
});

describe('migrations', () => {
  it('are applied once by several servers that start at the same moment', async () => {
    const databaseUrl = await server().createDatabase('crowd');
    const opening = await Promise.allSettled(
      Array.from({ length: 4 }, () => openDatabase({ databaseUrl, dataDir: '/nowhere' })),
    );
    const opened = opening.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    const names = (await opened[0]?.db.execute(sql`select name from migrations order by name`))?.map(
      ({ name }) => name,
    );
    await Promise.all(opened.map((database) => database.close()));
    expect(opened).toHaveLength(4);
    expect(names).toEqual((await readdir(new URL('./migrations/', import.meta.url))).sort());
  });

  it('leave what is stored when they are applied again', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'rondo-test-'));
    const run = makeRun();
    const first = await openDatabase({ dataDir });
    await makeWriter(first.db).writer.submit(aWholeRound(run, 1));
    const before = await findRun(first.db, run.id, null);
    await first.close();
    const second = await openDatabase({ dataDir });
    const after = await findRun(second.db, run.id, null);
    await second.close();
    await rm(dataDir, { recursive: true, force: true });
    expect(before).toMatchObject({ current_round: 1 });
    expect(after).toEqual(before);
  });
});

it('says that the data folder is in use, and does not harm the server that uses it', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'rondo-test-'));
  const first = await openDatabase({ dataDir });
  await expect(openDatabase({ dataDir })).rejects.toThrow(/another Rondo server is using/);
  await first.ping(5_000);
  await first.close();
  await rm(dataDir, { recursive: true, force: true });
});
