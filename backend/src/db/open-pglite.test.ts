import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openPglite } from './open-pglite.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'rondo-test-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

it('[B1] the embedded database forces its log to the disk, by a call that its file system has', async () => {
  const database = await openPglite(join(home, 'postgres'));
  const { rows } = await database.query<{ name: string; setting: string }>(
    "select name, setting from pg_settings where name in ('fsync', 'wal_sync_method') order by name",
  );
  expect(rows.map(({ setting }) => setting)).toEqual(['on', 'fsync']);
  const { FS } = (database as unknown as { Module: { FS: { filesystems: { NODEFS: { stream_ops: object } } } } })
    .Module;
  expect(FS.filesystems.NODEFS.stream_ops).toHaveProperty('fsync');
  await database.close();
});

it('[B1] recreates a folder whose creation was interrupted', async () => {
  const folder = join(home, 'postgres');
  await (await openPglite(folder)).close();
  expect(existsSync(`${folder}.initializing`)).toBe(false);
  rmSync(join(folder, 'global'), { recursive: true });
  writeFileSync(`${folder}.initializing`, '');
  const database = await openPglite(folder);
  expect((await database.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
  await database.close();
});

it('[security M8] the folder of the database is open to its owner only', async () => {
  const database = await openPglite(join(home, 'postgres'));
  expect(statSync(join(home, 'postgres')).mode & 0o777).toBe(0o700);
  await database.close();
});
