import { randomBytes, randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import type { CheckpointStore } from '../../src/checkpoints/store.ts';
import { NotFound } from '../../src/errors.ts';
import { sha256 } from '../checkpoints.ts';

/** The contract of every store of contents. */
export const storeContract = (opened: () => { readonly store: CheckpointStore; readonly folder: string }): void => {
  const stage = async (content: Uint8Array) => {
    const file = join(opened().folder, randomUUID());
    await writeFile(file, content);
    return file;
  };
  const put = async (content: Uint8Array) => {
    const digest = sha256(content);
    await opened().store.put(digest, await stage(content));
    return digest;
  };
  const read = async (...asked: Parameters<CheckpointStore['open']>) => buffer(await opened().store.open(...asked));

  describe('a store of contents', () => {
    it.each([
      ['nothing', 0],
      ['one byte', 1],
      ['a few pieces', 1_000_003],
      ['several parts', 20 * 1024 * 1024 + 7],
    ])('gives back %s, byte for byte', async (_what, size) => {
      const content = randomBytes(size);
      const digest = await put(content);
      expect(await opened().store.sizeOf(digest)).toBe(size);
      expect(sha256(await read(digest))).toBe(digest);
    });

    // s3rver takes an end of 0 for none, which S3 does not.
    it.each([
      [0, 1],
      [0, 99],
      [3, 7],
      [99, 99],
    ])('gives the bytes from %i to %i, both included', async (start, end) => {
      const content = randomBytes(100);
      const digest = await put(content);
      expect(await read(digest, { start, end })).toEqual(content.subarray(start, end + 1));
    });

    it('keeps what it has when it is put again', async () => {
      const content = randomBytes(100);
      expect(await put(content)).toBe(await put(content));
      expect(await read(sha256(content))).toEqual(content);
    });

    it('takes one content from several at once', async () => {
      const content = randomBytes(100_000);
      await Promise.all([put(content), put(content), put(content)]);
      expect(await read(sha256(content))).toEqual(content);
    });

    it('removes, also what it does not have', async () => {
      const digest = await put(randomBytes(100));
      await opened().store.remove(digest);
      expect(await opened().store.sizeOf(digest)).toBeUndefined();
      await expect(opened().store.open(digest)).rejects.toThrow(NotFound);
      await opened().store.remove(digest);
    });

    it('goes on sending to who has begun to read when the content is removed', async () => {
      const content = randomBytes(300_000);
      const digest = await put(content);
      const stream = await opened().store.open(digest);
      await opened().store.remove(digest);
      expect(await buffer(stream)).toEqual(content);
    });

    it('does not have content that was never stored', async () => {
      expect(await opened().store.sizeOf(sha256('missing'))).toBeUndefined();
      await expect(opened().store.open(sha256('missing'))).rejects.toThrow(NotFound);
    });
  });
};
