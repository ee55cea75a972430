import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { type CheckpointRig, openCheckpointRig } from '../../testing/checkpoint-rig.ts';
import { filesUnder, sha256 } from '../../testing/checkpoints.ts';
import { openTestDatabase } from '../../testing/database.ts';
import { version } from '../../testing/models.ts';
import type { Database } from '../db/database.ts';
import { findModel } from '../db/queries/models.ts';

let database: Database;
let rig: CheckpointRig;
beforeAll(async () => {
  database = await openTestDatabase();
});
beforeEach(async () => {
  rig = await openCheckpointRig(database.db);
});
afterEach(() => rig.close());
afterAll(() => database.close());

const minutes = 60_000;
const hours = 60 * minutes;
const content = Buffer.from('all of a checkpoint');
const id = 'f'.repeat(32);
let last = 0;

/** The files that a killed server leaves in the folder of uploads. */
async function leave(bytes: Uint8Array | null, { noted = true } = {}) {
  const name = `left-${++last}`;
  const metadata = { version: name, run_id: 'left', sha256: sha256(content), key_id: 'k', created_by: 'a key' };
  const note = { id, size: content.length, offset: 0, creation_date: new Date().toISOString(), metadata };
  if (bytes) await writeFile(join(rig.dataDir, 'uploads', id), bytes);
  if (noted) await writeFile(join(rig.dataDir, 'uploads', `${id}.json`), JSON.stringify(note));
  return version(name);
}

const uploads = () => filesUnder(join(rig.dataDir, 'uploads'));

it('[K2] a whole upload becomes a version, and is remembered for an hour', async () => {
  const name = await leave(content);
  await rig.uploads.sweep();
  expect(await findModel(database.db, name, null)).toMatchObject({ sha256: sha256(content), run_id: 'left' });
  await rig.uploads.sweep(Date.now() + 50 * minutes);
  expect(await uploads()).toEqual([`${id}.json`]);
  await rig.uploads.sweep(Date.now() + 70 * minutes);
  expect(await uploads()).toEqual([]);
  expect(await filesUnder(join(rig.dataDir, 'models'))).toHaveLength(1);
});

it('[K2] a whole upload with a wrong digest goes', async () => {
  const name = await leave(Buffer.alloc(content.length));
  await rig.uploads.sweep();
  expect(await uploads()).toEqual([]);
  expect(await findModel(database.db, name, null)).toBeUndefined();
  expect(String(rig.errors[0])).toContain(sha256(content));
});

it('[K2] a part of an upload stays for a day', async () => {
  await leave(content.subarray(0, 9));
  await rig.uploads.sweep(Date.now() + 23 * hours);
  expect(await uploads()).toHaveLength(2);
  await rig.uploads.sweep(Date.now() + 25 * hours);
  expect(await uploads()).toEqual([]);
});

it.each([
  ['bytes without a note', content, { noted: false }],
  ['a note without bytes', null, { noted: true }],
])('[K2] %s go at once', async (_what, bytes, options) => {
  await leave(bytes, options);
  await rig.uploads.sweep();
  expect(await uploads()).toEqual([]);
});

it('[K2] the remains of a PUT are deleted within two hours', async () => {
  await writeFile(join(rig.dataDir, 'uploads', 'put-of-a-killed-server'), 'part');
  await rig.staging.sweep(Date.now() + 30 * minutes);
  expect(await uploads()).toHaveLength(1);
  await rig.staging.sweep(Date.now() + 2 * hours);
  expect(await uploads()).toEqual([]);
});
