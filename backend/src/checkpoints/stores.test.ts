import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { storeContract } from '../../testing/checkpoints/store-contract.ts';
import { filesUnder, sha256 } from '../../testing/checkpoints.ts';
import { type S3Server, startS3 } from '../../testing/s3.ts';
import { Busy } from '../errors.ts';
import { openStore } from './open-store.ts';
import type { CheckpointStore } from './store.ts';

let folder: string;
let s3: S3Server | undefined;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rondo-test-'));
  s3 = await startS3();
});
afterAll(async () => {
  await s3?.stop();
  await rm(folder, { recursive: true, force: true });
});

const stores = [
  { name: 'a folder', open: () => openStore(join(folder, 'models'), undefined) },
  { name: 'S3', open: () => openStore('/nowhere', s3?.url('')) },
  { name: 'S3 under a prefix', open: () => openStore('/nowhere', s3?.url('rondo/check points')) },
];

describe.each(stores)('$name', ({ open }) => {
  let store: CheckpointStore | undefined;
  beforeAll(async () => {
    store = await open();
  });
  afterAll(() => store?.close());

  storeContract(() => {
    if (!store) throw new Error('the store is not open');
    return { store, folder };
  });
});

it('a store that does not answer is a matter of coming back, and its address stays out of the answer', async () => {
  const url = new URL('s3://models?region=us-east-1&endpoint=http://127.0.0.1:1&force_path_style=true');
  const store = await openStore('/nowhere', url);
  const file = join(folder, 'unlucky');
  await writeFile(file, 'unlucky');
  for (const work of [() => store.put(sha256('unlucky'), file), () => store.open(sha256('unlucky'))]) {
    const failure = await work().then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(Busy);
    expect(String(failure)).not.toContain('127.0.0.1');
  }
  store.close();
}, 240_000);

it('a folder has nothing but whole contents, by their digest', async () => {
  const store = await openStore(join(folder, 'clean'), undefined);
  const file = join(folder, 'staged');
  await writeFile(file, 'content');
  await store.put(sha256('content'), file);
  const digest = sha256('content');
  expect(await filesUnder(join(folder, 'clean'))).toEqual([`${digest.slice(0, 2)}/${digest}`]);
});
