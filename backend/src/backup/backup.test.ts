import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestApp, type TestApp } from '../../testing/app.ts';
import { sha256 } from '../../testing/checkpoints.ts';
import { makeDataDir } from '../../testing/database.ts';
import { aWholeRound, makeRun } from '../../testing/facts.ts';
import { type PostgresServer, startPostgres } from '../../testing/postgres.ts';
import { openDatabase, openPool } from '../db/database.ts';
import { listMigrations, migrate } from '../db/migrate.ts';
import { readBackup } from './format.ts';
import { answerBackups, makeBackup, type Settings } from './make-backup.ts';
import { restoreBackup } from './restore-backup.ts';

let postgresServer: PostgresServer;
let folder: string;
beforeAll(async () => {
  postgresServer = await startPostgres();
  folder = await mkdtemp(join(tmpdir(), 'rondo-backup-'));
});
afterAll(async () => {
  await postgresServer.stop();
  await rm(folder, { recursive: true, force: true });
});

let made = 0;
type Engine = 'the embedded database' | 'PostgreSQL';
const newPlace = async (engine: Engine): Promise<Settings> => {
  made += 1;
  const dataDir = join(folder, `place${made}`);
  if (engine === 'PostgreSQL') {
    return { databaseUrl: await postgresServer.createDatabase(`place${made}`), dataDir, modelStoreUrl: undefined };
  }
  await rename(await makeDataDir(), dataDir);
  return { databaseUrl: undefined, dataDir, modelStoreUrl: undefined };
};
/** Named once the folder exists. */
const newFile = () => {
  made += 1;
  const name = `${made}.backup.gz`;
  return () => join(folder, name);
};
const sumsOf = async (file: string) => (await readBackup(createReadStream(file))).tables;
const sumsNow = async (place: Settings) => (await makeBackup(place, newFile()())).tables;

/** The server over what is stored there. */
async function withApp<T>(place: Settings, work: (server: TestApp) => Promise<T>): Promise<T> {
  const database = await openDatabase(place);
  const server = await openTestApp({ database, models: { dataDir: place.dataDir, maxBytes: 1_000_000 } });
  try {
    return await work(server);
  } finally {
    await server.close();
  }
}

const engines: Engine[] = ['the embedded database', 'PostgreSQL'];

describe.each(engines)('a restore drill from %s', { timeout: 120_000 }, (engine) => {
  const run = makeRun();
  const firstRound = aWholeRound(run, 1, ['a', 'b', 'é "c"']);
  const file = newFile();
  let before: Record<string, unknown>;
  beforeAll(async () => {
    const place = await newPlace(engine);
    before = await withApp(place, async (server) => {
      await fill(server, run, firstRound);
      return readAll(server, run.id);
    });
    await makeBackup(place, file());
  });

  it.each(engines)('into %s has the same checksum of every table, and the API answers the same', async (other) => {
    const target = await newPlace(other);
    await restoreBackup(target, file());
    expect(await sumsNow(target)).toEqual(await sumsOf(file()));
    await withApp(target, async (server) => {
      expect(await readAll(server, run.id)).toEqual(before);
      // And it goes on where it was.
      const reporter = await server.makeReporter();
      expect(await reporter.report(firstRound)).toMatchObject({ accepted: 0 });
      await reporter.report([run.say('round_started', { round: 3, client_ids: ['a'] })]);
      const { headers } = await server.signIn('viewer');
      const { items } = (await server.ask('GET', `/api/rounds?run_id=${run.id}`, headers)).json();
      expect(new Set(items.map(({ round_id }: { round_id: number }) => round_id)).size).toBe(3);
    });
  });
});

describe('a restore', { timeout: 60_000 }, () => {
  const file = newFile();
  beforeAll(async () => {
    const place = await newPlace('PostgreSQL');
    await withApp(place, async (server) => fill(server, makeRun(), []));
    await makeBackup(place, file());
  });

  it('leaves a database that is not empty alone, unless it may be thrown away', async () => {
    const target = await newPlace('PostgreSQL');
    await withApp(target, async (server) => (await server.makeReporter()).post([]));
    const before = await sumsNow(target);
    await expect(restoreBackup(target, file())).rejects.toThrow(/not empty: .* has rows.*--force/);
    expect(await sumsNow(target)).toEqual(before);
    await restoreBackup(target, file(), { force: true });
    expect(await sumsNow(target)).toEqual(await sumsOf(file()));
  });

  it.each([
    ['cut short', (bytes: Buffer) => bytes.subarray(0, bytes.length - 200)],
    ['changed within', (bytes: Buffer) => gzipSync(gunzipSync(bytes).toString('latin1').replace('mnist', 'mnest'))],
    ['no backup', () => Buffer.from('something else')],
  ])('refuses a file that is %s, and touches nothing', async (_, spoil) => {
    const target = await newPlace('PostgreSQL');
    const spoiled = newFile()();
    await writeFile(spoiled, spoil(await readFile(file())));
    await expect(restoreBackup(target, spoiled)).rejects.toThrow(/not a whole backup/);
    await expect(makeBackup(target, newFile()())).rejects.toThrow(/the database is empty/);
  });
});

describe('a backup', { timeout: 120_000 }, () => {
  it('of the embedded database is made of a copy, while the server stores reports', async () => {
    const place = await newPlace('the embedded database');
    const run = makeRun();
    const file = newFile()();
    await withApp(place, async (server) => {
      const { database } = server;
      await answerBackups(database, place.dataDir);
      const reporter = await server.makeReporter();
      await reporter.report(aWholeRound(run, 1));
      let isMade = false;
      const backup = makeBackup(place, file).finally(() => {
        isMade = true;
      });
      let stored = 1;
      // Each is answered after its commit, so none waits for the backup.
      while (!isMade) await reporter.report(aWholeRound(run, ++stored));
      const summary = await backup;
      const rounds = summary.tables.get('rounds')?.rows ?? 0;
      expect(rounds).toBeGreaterThanOrEqual(1);
      expect(stored).toBeGreaterThan(rounds);
      expect((await readdir(place.dataDir)).filter((name) => name.startsWith('backup-copy-'))).toEqual([]);
      await expect(restoreBackup(place, file, { force: true })).rejects.toThrow(/another Rondo server is using/);
    });
    const target = await newPlace('PostgreSQL');
    await restoreBackup(target, file);
  });

  it('of an older schema is brought up to date when it is restored', async () => {
    const place = await newPlace('PostgreSQL');
    const { pool, db } = openPool({ url: place.databaseUrl ?? '' });
    await migrate(db, { only: ['0001_runs.sql', '0002_people.sql'] });
    await pool.query(`insert into users (id, username, password_hash, role)
      values ('00000000-0000-4000-8000-000000000001', 'ada', 'hash', 'admin')`);
    await pool.end();
    const file = newFile()();
    expect((await makeBackup(place, file)).migrations).toEqual(['0001_runs.sql', '0002_people.sql']);
    const target = await newPlace('PostgreSQL');
    await restoreBackup(target, file);
    const database = await openDatabase(target);
    const names = await database.db.execute(sql`select name from migrations order by name`);
    const users = await database.db.execute(sql`select username, provider from users`);
    await database.close();
    expect(names.map(({ name }) => name)).toEqual(await listMigrations());
    expect([...users]).toEqual([{ username: 'ada', provider: null }]);
  });

  it('of a newer schema is refused with what to do', async () => {
    const place = await newPlace('PostgreSQL');
    const database = await openDatabase(place);
    await database.db.execute(sql`insert into migrations (name) values ('9999_later.sql')`);
    await database.close();
    const file = newFile()();
    await makeBackup(place, file);
    await expect(restoreBackup(await newPlace('PostgreSQL'), file)).rejects.toThrow(/9999_later.sql. Update this one/);
  });

  it("never touches another program's database, not even with --force", async () => {
    const place = await newPlace('PostgreSQL');
    await (await openDatabase(place)).close();
    const file = newFile()();
    await makeBackup(place, file);
    const target = await newPlace('PostgreSQL');
    const { pool } = openPool({ url: target.databaseUrl ?? '' });
    await pool.query('create table invoices (id int); insert into invoices values (1)');
    await expect(restoreBackup(target, file, { force: true })).rejects.toThrow(/not those of Rondo/);
    expect(await pool.query(`select id from invoices`)).toMatchObject([{ id: 1 }]);
    await pool.end();
  });

  it('that fails leaves no file, and never overwrites an existing one', async () => {
    const file = newFile()();
    const nowhere = { ...(await newPlace('the embedded database')), dataDir: join(folder, 'nowhere') };
    await expect(makeBackup(nowhere, file)).rejects.toThrow(/there is no database in/);
    await expect(makeBackup(await newPlace('PostgreSQL'), file)).rejects.toThrow(/nothing to back up/);
    expect((await readdir(folder)).filter((name) => name.includes(basename(file)))).toEqual([]);
    await writeFile(file, 'mine');
    await expect(makeBackup(nowhere, file)).rejects.toThrow(/exists already/);
    expect(await readFile(file, 'utf8')).toBe('mine');
  });
});

/** Something in every table that reports, people and models fill, with what is hard to write down. */
async function fill(server: TestApp, run: ReturnType<typeof makeRun>, firstRound: readonly object[]): Promise<void> {
  const checkpoint = randomBytes(100_000);
  const reporter = await server.makeReporter();
  const admin = await server.signIn('admin');
  const hard = 'tab\there, line\nend, "quotes", back\\slash, \u2028 and 🦉';
  await reporter.report([
    run.say('run_started', { name: 'mnist', framework: 'flower', num_rounds: 3, config: { lr: 0.1, note: hard } }),
    ...firstRound,
    ...aWholeRound(run, 2, ['a', 'b']),
    run.say('log', { level: 'warning', message: hard }),
    ...['NaN', 'Infinity', '-Infinity', 5e-324, 1 / 3, Number.MAX_VALUE].map((value, step) =>
      run.say('metric', { name: hard.slice(0, 20), value: value as number, step }),
    ),
    ...Array.from({ length: 2_500 }, (_, step) => run.say('metric', { name: 'loss', value: Math.sin(step), step })),
  ]);
  const url = await server.app.listen({ host: '127.0.0.1', port: 0 });
  const put = await fetch(`${url}/api/models/v1?run_id=${run.id}&round=1&format=bin`, {
    method: 'PUT',
    headers: {
      ...reporter.headers,
      'content-type': 'application/octet-stream',
      'x-content-sha256': sha256(checkpoint),
    },
    body: new Uint8Array(checkpoint),
  });
  expect([put.status, await put.text()]).toMatchObject([201, expect.anything()]);
  await server.ask('PATCH', `/api/runs/${run.id}`, admin.headers, { notes: hard });
  await server.ask('POST', '/api/keys', admin.headers, { name: 'ü' });
  const viewer = await server.signIn('viewer');
  await server.ask('POST', '/api/projects', admin.headers, { id: 'hospital', name: hard.slice(0, 20) });
  await server.ask('PUT', `/api/projects/hospital/members/${viewer.user.id}`, admin.headers, { role: 'viewer' });
  const made = await server.ask('POST', '/api/keys', admin.headers, { name: 'theirs', project_id: 'hospital' });
  const theirs = makeRun({ id: `of-the-hospital-${run.id}` });
  const events = [theirs.say('run_started', { name: 'theirs', framework: 'f' })];
  const answer = await server.ask(
    'POST',
    '/api/ingest',
    { authorization: `Bearer ${made.json<{ key: string }>().key}` },
    { reporter_id: 'hospital', batch: 0, events },
  );
  expect([answer.statusCode, answer.body]).toMatchObject([200, expect.stringContaining('"accepted":1')]);
}

/** The API's responses, by path. */
async function readAll(server: TestApp, runId: string): Promise<Record<string, unknown>> {
  const { headers } = await server.signIn('admin');
  const paths = [
    '/api/runs',
    `/api/rounds?run_id=${runId}&limit=100`,
    `/api/clients?run_id=${runId}&limit=100`,
    '/api/clients/a/history',
    '/api/models',
    '/api/models/v1',
    `/api/metrics/summary?run_id=${runId}`,
    `/api/metrics/series?run_id=${runId}&name=loss&max_points=500`,
    '/api/keys',
    '/api/projects',
    '/api/projects/hospital/members',
    '/api/runs?project=hospital',
    '/api/audit?action=run.update',
  ];
  const said: Record<string, unknown> = {};
  for (const path of paths) {
    const answer = await server.ask('GET', path, headers);
    expect([path, answer.statusCode]).toEqual([path, 200]);
    // A run that is not reported on becomes silent by the clock, on whichever server looks first.
    said[path] = JSON.parse(answer.body, (name, value) => (name === 'condition' ? undefined : value));
  }
  const content = await server.ask('GET', '/api/models/v1/download', headers);
  expect(content.statusCode).toBe(200);
  return { ...said, content: sha256(content.rawPayload) };
}
