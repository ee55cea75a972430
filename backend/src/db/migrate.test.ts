import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PostgresServer, startPostgres } from '../../testing/postgres.ts';
import { listMigrations, migrate } from './migrate.ts';

const run = promisify(execFile);
const opening = `
  import { openDatabase } from '${new URL('./database.ts', import.meta.url)}';
  const database = await openDatabase({ databaseUrl: process.argv[1], dataDir: '/nowhere' });
  const [{ n }] = await database.db.$client.unsafe('select count(*)::int as n from migrations');
  await database.close();
  console.log(n);
`;

describe('migrations by several processes at once', { timeout: 60_000 }, () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());

  const connect = (url: string) => postgres(url, { max: 1, onnotice: () => {}, fetch_types: false });
  const open = (url: string) => run(process.execPath, ['--input-type=module', '--eval', opening, url]);

  it.each([
    ['an empty database', []],
    ['one of an older version that is in use', ['0001_runs.sql', '0002_people.sql']],
  ])('bring %s up to date once, and all of them open it', async (_, only) => {
    const url = await server.createDatabase(`processes${only.length}`);
    const client = connect(url);
    await migrate(client, { only });
    const all = await listMigrations();
    const opened = await Promise.all(Array.from({ length: 4 }, () => open(url)));
    expect(opened.map(({ stdout }) => stdout.trim())).toEqual(Array(4).fill(String(all.length)));
    const moments = await client`select name, applied_at from migrations order by name`;
    expect(moments.map(({ name }) => name)).toEqual(all);
    // One transaction, so one process, applied all that were missing.
    const missing = moments.filter(({ name }) => !only.includes(name as string));
    expect(new Set(missing.map(({ applied_at }) => String(applied_at))).size).toBe(1);
    await client.end();
  });

  it('one that fails leaves nothing of it, and says which file', async () => {
    const url = await server.createDatabase('failing');
    const client = connect(url);
    await client.unsafe('create table sessions (id int)'); // another program's table, which 0002 also creates
    await expect(migrate(client)).rejects.toThrow(/0002_people.sql/);
    expect(await client`select to_regclass('runs') as runs, to_regclass('migrations') as migrations`).toMatchObject([
      { runs: null, migrations: null },
    ]);
    await client.end();
  });
});
