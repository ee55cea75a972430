import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestDatabase } from '../../testing/database.ts';
import { makeRun, type TestRun } from '../../testing/facts.ts';
import { type PostgresServer, startPostgres } from '../../testing/postgres.ts';
import { makeWriter } from '../../testing/writer.ts';
import { type Database, openDatabase, openPool } from './database.ts';
import { listMigrations, migrate } from './migrate.ts';
import { listPartitions, monthOf, monthsLater } from './partitions.ts';
import { readSnapshot } from './queries/live.ts';
import { metricsSummary } from './queries/metrics.ts';
import { readSeries } from './queries/read-series.ts';
import { findRun } from './queries/runs.ts';
import { sweepPartitions } from './retention.ts';

const server: { current?: PostgresServer } = {};
beforeAll(async () => {
  server.current = await startPostgres();
});
afterAll(() => server.current?.stop());

const newDatabaseUrl = async (name: string): Promise<string> => (await server.current?.createDatabase(name)) ?? '';

const engines = [
  { engine: 'the embedded database', open: openTestDatabase },
  {
    engine: 'PostgreSQL',
    open: async () => openDatabase({ databaseUrl: await newDatabaseUrl('partitions'), dataDir: '/nowhere' }),
  },
];

const clock = (moment: string) => () => new Date(`${moment}-15T12:00:00.000Z`);

describe.each(engines)('metric points by month on $engine', ({ open }) => {
  let database: Database;
  beforeAll(async () => {
    database = await open();
  });
  afterAll(() => database.close());

  /** A run first seen in `month`, with ten points. */
  const aRunOf = async (month: string): Promise<TestRun> => {
    const run = makeRun({ start: `${month}-15T12:00:00.000Z` });
    await report(month, run, 10);
    return run;
  };
  const report = (month: string, run: TestRun, points: number) =>
    makeWriter(database.db, clock(month)).writer.submit(
      Array.from({ length: points }, (_, step) => run.say('metric', { name: 'loss', value: step, step })),
    );
  const seriesOf = (run: TestRun) => readSeries(database.db, { run_id: run.id, name: 'loss', max_points: 100 });

  it('a point stays unique when its run is reported again in another month', async () => {
    const run = await aRunOf('2031-01');
    const again = makeRun({ start: '2031-01-15T12:00:00.000Z', id: run.id });
    expect(await report('2031-02', again, 11)).toMatchObject({ accepted: 1, duplicates: 10 });
    expect(await seriesOf(run)).toMatchObject({ total: 11 });
    expect(await listPartitions(database.db)).not.toContain('2031-02');
  });

  it('several servers that meet a new month at once make one partition', async () => {
    const runs = Array.from({ length: 4 }, () => makeRun());
    const outcomes = await Promise.all(runs.map((run) => report('2032-01', run, 5)));
    expect(outcomes.map(({ accepted }) => accepted)).toEqual([5, 5, 5, 5]);
    expect((await listPartitions(database.db)).filter((month) => month === '2032-01')).toHaveLength(1);
  });

  it("the coming month's partition exists before the month begins", async () => {
    await sweepPartitions({ db: database.db, keepMonths: undefined, now: clock('2033-12') });
    expect(await listPartitions(database.db)).toEqual(expect.arrayContaining(['2033-12', '2034-01']));
  });

  it('months past METRICS_KEEP_MONTHS go with all of their series; runs and newer months stay', async () => {
    const [old, kept] = [await aRunOf('2035-01'), await aRunOf('2035-02')];
    expect(await sweepPartitions({ db: database.db, keepMonths: undefined, now: clock('2035-04') })).toEqual([]);
    expect(await sweepPartitions({ db: database.db, keepMonths: 2, now: clock('2035-04') })).toContain('2035-01');
    expect(await listPartitions(database.db)).toEqual(expect.arrayContaining(['2035-02', '2035-04', '2035-05']));
    expect(await seriesOf(old)).toEqual({ total: 0, sampled: false, step: [], value: [], at: [] });
    expect((await metricsSummary(database.db, old.id)).metrics).toEqual({});
    expect((await readSnapshot(database.db, old.id))?.data.metrics).toEqual([]);
    expect(await findRun(database.db, old.id, null)).toMatchObject({ run_id: old.id });
    expect(await seriesOf(kept)).toMatchObject({ total: 10 });
    expect((await metricsSummary(database.db, kept.id)).metrics).toEqual({ loss: 9 });
  });

  it('a late report of a dropped month is stored, also by a server that did not drop it', async () => {
    const run = makeRun({ start: '2036-01-15T12:00:00.000Z' });
    const { writer } = makeWriter(database.db, clock('2036-01'));
    const report = (step: number) => writer.submit([run.say('metric', { name: 'loss', value: step, step })]);
    await report(1);
    await sweepPartitions({ db: database.db, keepMonths: 1, now: clock('2036-03') });
    expect(await report(2)).toMatchObject({ accepted: 1 });
    expect(await seriesOf(run)).toMatchObject({ step: [2] });
  });

  it('one of several servers sweeps; the others leave it to that one', async () => {
    if (database.kind === 'embedded') return;
    await aRunOf('2037-01');
    await database.db.transaction(async (tx) => {
      await tx.execute(sql`select pg_advisory_xact_lock(7266337)`);
      expect(await sweepPartitions({ db: database.db, keepMonths: 1, now: clock('2037-06') })).toEqual([]);
    });
    expect(await sweepPartitions({ db: database.db, keepMonths: 1, now: clock('2037-06') })).toContain('2037-01');
  });
});

it('the points that were stored before there were partitions move to the months of their runs', async () => {
  const { pool, db } = openPool({ url: await newDatabaseUrl('older') });
  await migrate(db, { only: (await listMigrations()).filter((file) => file < '0005') });
  await pool.query(`
    insert into runs (run_id, name, status, config, tags, commands_supported, num_clients, started_at, status_at, epoch, seq, updated_seq, created_at)
    select 'run ' || n, 'run', 'running', '{}', '[]', '[]', 0, now(), now(), 'e', 1, 1, '2024-11-30 23:30:00Z'::timestamptz + n * interval '1 month'
    from generate_series(0, 2) as n;
    insert into metric_points (run_id, name, client_id, step, value, at, updated_seq)
    select 'run ' || n % 3, 'loss', '', n, case n when 5 then 'NaN'::float8 else n end, now(), 1 from generate_series(1, 3000) as n;`);
  const points = 'select run_id, name, client_id, step, round, value, at, updated_seq from metric_points';
  const digest = `select md5(string_agg(p::text, '' order by run_id, step)) as digest from (${points}) as p`;
  const before = await pool.query(digest);
  await migrate(db);
  expect(await pool.query(digest)).toEqual(before);
  const counts = await pool.query(
    `select run_month::text, count(*)::int as n from metric_points group by 1 order by 1`,
  );
  expect([...counts]).toEqual([
    { run_month: '2024-11-01', n: 1000 },
    { run_month: '2024-12-01', n: 1000 },
    { run_month: '2025-01-01', n: 1000 },
  ]);
  await pool.end();
});

it('months are counted over the ends of years', () => {
  const month = monthOf('2026-11-24T03:00:00.000Z');
  expect([monthsLater(month, 1), monthsLater(month, 2), monthsLater(month, -11)]).toEqual([
    '2026-12',
    '2027-01',
    '2025-12',
  ]);
});
