import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PostgresServer, startPostgres } from '../../testing/postgres.ts';
import { openPool } from './database.ts';
import { listMigrations, migrate } from './migrate.ts';

const run = promisify(execFile);
const opening = `
  import { openDatabase } from '${new URL('./database.ts', import.meta.url)}';
  const database = await openDatabase({ databaseUrl: process.argv[1], dataDir: '/nowhere' });
  const [{ n }] = await database.db.execute('select count(*)::int as n from migrations');
  await database.close();
  console.log(n);
`;

describe('migrations by several processes at once', { timeout: 60_000 }, () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());

  const connect = (url: string) => openPool({ url });
  const open = (url: string) => run(process.execPath, ['--input-type=module', '--eval', opening, url]);

  it.each([
    ['an empty database', []],
    ['one of an older version that is in use', ['0001_runs.sql', '0002_people.sql']],
  ])('bring %s up to date once, and all of them open it', async (_, only) => {
    const url = await server.createDatabase(`processes${only.length}`);
    const { pool, db } = connect(url);
    await migrate(db, { only });
    const all = await listMigrations();
    const opened = await Promise.all(Array.from({ length: 4 }, () => open(url)));
    expect(opened.map(({ stdout }) => stdout.trim())).toEqual(Array(4).fill(String(all.length)));
    const moments = await pool.query(`select name, applied_at from migrations order by name`);
    expect(moments.map(({ name }) => name)).toEqual(all);
    // One transaction, so one process, applied all that were missing.
    const missing = moments.filter(({ name }) => !only.includes(name as string));
    expect(new Set(missing.map(({ applied_at }) => String(applied_at))).size).toBe(1);
    await pool.end();
  });

  it('[O1] put what the first release stored into the project `default`', async () => {
    const url = await server.createDatabase('first-release');
    const { pool, db } = connect(url);
    const names = await listMigrations();
    await migrate(db, { only: names.filter((name) => name < '0010') });
    await pool.query(`
      insert into users (id, username, password_hash, role) values
        ('00000000-0000-4000-8000-000000000001', 'ada', 'x', 'admin'),
        ('00000000-0000-4000-8000-000000000002', 'bob', 'x', 'viewer');
      insert into api_keys (id, key_hash, name, created_at) values
        ('00000000-0000-4000-8000-000000000003', 'hash', 'a hospital', now());
      insert into runs (run_id, name, status, config, tags, commands_supported, num_clients, started_at, status_at,
          epoch, seq, updated_seq) values
        ('a-run', 'A run', 'running', '{}', '[]', '[]', 0, now(), now(), 'an-epoch', 1, 1);
      insert into metric_series (run_id, client_id, name, step, value, at, num_points) values
        ('a-run', '', 'loss', 1, 1, now(), 1), ('a-run', 'c', 'loss', 1, 1, now(), 1), ('a-run', 'c', 'f1', 1, 1, now(), 1),
        ('gone', '', 'loss', 1, 1, now(), 1);
      insert into audit (actor, action, target_type, target, detail, at) values
        ('ada', 'run.delete', 'run', 'another', '{}', now()), ('ada', 'user.create', 'user', 'bob', '{}', now())
    `);
    await migrate(db);
    const all = async (query: string) => (await pool.query(query)).map((row) => Object.values(row));
    expect(await all('select project_id from runs union all select project_id from api_keys')).toEqual([
      ['default'],
      ['default'],
    ]);
    expect(
      await all('select username, project_id, m.role from project_members m join users on id = user_id order by 1'),
    ).toEqual([
      ['ada', 'default', 'admin'],
      ['bob', 'default', 'viewer'],
    ]);
    expect(await all('select target, project_id from audit order by target')).toEqual([
      ['another', 'default'],
      ['bob', null],
    ]);
    expect(await all('select run_id, name from run_metric_names order by name')).toEqual([
      ['a-run', 'f1'],
      ['a-run', 'loss'],
    ]);
    await pool.end();
  });

  it('one that fails leaves nothing of it, and says which file', async () => {
    const url = await server.createDatabase('failing');
    const { pool, db } = connect(url);
    await pool.query('create table sessions (id int)'); // another program's table, which 0002 also creates
    await expect(migrate(db)).rejects.toThrow(/0002_people.sql/);
    expect(
      await pool.query(`select to_regclass('runs') as runs, to_regclass('migrations') as migrations`),
    ).toMatchObject([{ runs: null, migrations: null }]);
    await pool.end();
  });
});
