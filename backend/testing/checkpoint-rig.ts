import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CheckpointSettings, openCheckpoints } from '../src/checkpoints/open-checkpoints.ts';
import type { Db } from '../src/db/db.ts';
import { createModelWriter } from '../src/ingest/model-writer.ts';
import { makeWriter } from './writer.ts';

/** The registry over a database, with a writer and a folder of its own. */
export async function openCheckpointRig(db: Db, settings: Partial<CheckpointSettings> = {}) {
  const dataDir = await mkdtemp(join(tmpdir(), 'rondo-test-data-'));
  const { writer, published } = makeWriter(db);
  const errors: unknown[] = [];
  const checkpoints = await openCheckpoints({
    settings: { dataDir, maxBytes: 1024 * 1024, ...settings },
    db,
    ...createModelWriter(writer),
    onError: (error) => errors.push(error),
  });
  await checkpoints.sweep();
  return {
    ...checkpoints,
    dataDir,
    writer,
    published,
    errors,
    close: async () => {
      await checkpoints.close();
      await writer.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

export type CheckpointRig = Awaited<ReturnType<typeof openCheckpointRig>>;
