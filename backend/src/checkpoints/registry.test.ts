import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { defaultProject } from '@rondo/protocol';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type CheckpointRig, openCheckpointRig } from '../../testing/checkpoint-rig.ts';
import { filesUnder, sha256 } from '../../testing/checkpoints.ts';
import { openTestDatabase } from '../../testing/database.ts';
import { aWholeRound, makeRun, type TestRun } from '../../testing/facts.ts';
import { version } from '../../testing/models.ts';
import type { Database } from '../db/database.ts';
import { findModel, listModels } from '../db/queries/models.ts';
import { Busy } from '../errors.ts';

let database: Database;
let rig: CheckpointRig;
let keeping: CheckpointRig;
beforeAll(async () => {
  database = await openTestDatabase();
  rig = await openCheckpointRig(database.db);
  keeping = await openCheckpointRig(database.db, { keep: 2 });
});
afterAll(async () => {
  await rig.close();
  await keeping.close();
  await database.close();
});

let last = 0;

async function admit(into: CheckpointRig, run: TestRun, text: string, round: number | null = null) {
  const name = version(`m${++last}`);
  const file = into.staging.pathOf(`put-${name}`);
  await writeFile(file, text);
  const upload = {
    version: name,
    run_id: run.id,
    project_id: defaultProject,
    round,
    parent: null,
    format: null,
    created_by: 'a key',
  };
  await into.registry.admit(file, { ...upload, sha256: sha256(text) });
  return name;
}

const remove = async (run: TestRun, name: ReturnType<typeof version>) => {
  await rig.writer.submit([{ type: 'model_deleted', run_id: run.id, version: name, unlessAutomatic: false }]);
  await rig.registry.sweep();
};

const contents = (of: CheckpointRig) => filesUnder(join(of.dataDir, 'models'));
const rows = (digest: string) => database.db.execute(sql`select sha256 from model_contents where sha256 = ${digest}`);

it('[K3] a content stays while another client uploads it again, and is served from its new version', async () => {
  const run = makeRun();
  const name = await admit(rig, run, 'in a race');
  // Deletions and uploads of one content, as they come.
  const versions = [name];
  for (let turn = 0; turn < 8; turn++) {
    const victim = versions.shift() as typeof name;
    const [added] = await Promise.all([
      admit(rig, run, 'in a race').catch((error) => {
        if (error instanceof Busy) return admitAgain(run);
        throw error;
      }),
      remove(run, victim),
    ]);
    versions.push(added);
    expect(await rig.store.sizeOf(sha256('in a race'))).toBe(9);
  }
  await remove(run, versions[0] as typeof name);
  expect(await contents(rig)).toEqual([]);
  expect(await rows(sha256('in a race'))).toEqual([]);
});

/** Retries on 503, as an uploader does. */
async function admitAgain(run: TestRun): Promise<ReturnType<typeof version>> {
  for (;;) {
    try {
      return await admit(rig, run, 'in a race');
    } catch (error) {
      if (!(error instanceof Busy)) throw error;
    }
  }
}

it('[K3] the last version is deleted right between the storing of its content and the saving of another', async () => {
  const run = makeRun();
  const victim = await admit(rig, run, 'between');
  const { put } = rig.store;
  rig.store.put = async (...what) => {
    rig.store.put = put;
    await put(...what);
    await remove(run, victim);
  };
  const name = await admit(rig, run, 'between');
  expect(await rig.store.sizeOf(sha256('between'))).toBe(7);
  await remove(run, name);
  expect(await rig.store.sizeOf(sha256('between'))).toBeUndefined();
});

it('[K3] an upload of content that is being removed is asked to retry', async () => {
  const run = makeRun();
  const victim = await admit(rig, run, 'going');
  const { remove: removeContent } = rig.store;
  const refused: unknown[] = [];
  rig.store.remove = async (digest) => {
    rig.store.remove = removeContent;
    await admit(rig, run, 'going').catch((error) => refused.push(error));
    await removeContent(digest);
  };
  await remove(run, victim);
  expect(refused).toEqual([expect.any(Busy)]);
  await admit(rig, run, 'going');
  expect(await rig.store.sizeOf(sha256('going'))).toBe(5);
});

it('[K3] what an uploader that died has claimed goes when its claim has expired', async () => {
  await database.db.execute(sql`insert into model_contents (sha256, size_bytes) values ('dead', 1)`);
  await database.db.execute(sql`
    insert into content_claims values (gen_random_uuid(), 'dead', now() + interval '1 hour')`);
  await rig.registry.sweep();
  expect(await rows('dead')).toEqual([{ sha256: 'dead' }]);
  await database.db.execute(sql`update content_claims set expires_at = now() - interval '1 second'`);
  await rig.registry.sweep();
  expect(await rows('dead')).toEqual([]);
});

it('[K3] an abandoned removal is finished by the next one', async () => {
  await database.db.execute(sql`
    insert into model_contents (sha256, size_bytes, removing_since) values ('half', 1, now() - interval '11 minutes')`);
  await rig.registry.sweep();
  expect(await rows('half')).toEqual([]);
});

it('[K7] MODELS_KEEP keeps the newest, the best and aliased versions, and deletes the rest with its content', async () => {
  const run = makeRun();
  await keeping.writer.submit([1, 2, 3, 4, 5, 6].flatMap((round) => aWholeRound(run, round)));
  const loss = run.say('round_complete', { round: 2, global_loss: 0.001, global_accuracy: 0.9 });
  await keeping.writer.submit([loss]);
  const names: ReturnType<typeof version>[] = [];
  for (const round of [1, 2, 3]) names.push(await admit(keeping, run, `round ${round}`, round));
  const held = names[2] as (typeof names)[0];
  const at = new Date().toISOString();
  await keeping.writer.submit([
    { type: 'alias_set', run_id: run.id, at, alias: 'production', version: held, set_by: 'x' },
  ]);
  for (const round of [4, 5, 6]) names.push(await admit(keeping, run, `round ${round}`, round));
  await keeping.registry.sweep();
  const { items } = await listModels(database.db, { visible: null, run_id: run.id, limit: 10, offset: 0 });
  expect(items.map(({ round, aliases }) => [round, aliases])).toEqual([
    [6, ['latest']],
    [5, []],
    [3, ['production']],
    [2, ['best']],
  ]);
  expect(await contents(keeping)).toHaveLength(4);
});

it('[K3] a store that fails leaves no version, and the same upload succeeds later', async () => {
  const run = makeRun();
  const { put } = rig.store;
  rig.store.put = () => Promise.reject(new Busy('the model store does not answer; try again', 5));
  await expect(admit(rig, run, 'unlucky')).rejects.toThrow(Busy);
  rig.store.put = put;
  expect(await findModel(database.db, version(`m${last}`), null)).toBeUndefined();
  await rig.registry.sweep();
  expect(await rows(sha256('unlucky'))).toEqual([]);
  await admit(rig, run, 'unlucky');
  expect(await rig.store.sizeOf(sha256('unlucky'))).toBe(7);
});
