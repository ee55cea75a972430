import { copyFile, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { NotFound } from '../errors.ts';
import type { CheckpointStore } from './store.ts';

/** Files named by their digest, in folders of its first two digits. */
export function createFileStore(folder: string): CheckpointStore {
  const pathOf = (sha256: string) => join(folder, sha256.slice(0, 2), sha256);

  return {
    async put(sha256, file) {
      const path = pathOf(sha256);
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await flush(file);
      await move(file, path);
      await flush(dirname(path));
    },

    sizeOf: (sha256) =>
      stat(pathOf(sha256)).then(
        ({ size }) => size,
        (error: NodeJS.ErrnoException) => {
          if (error.code === 'ENOENT') return undefined;
          throw error;
        },
      ),

    async open(sha256, range) {
      const handle = await open(pathOf(sha256)).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error;
        throw new NotFound(`the content ${sha256} is not in the model store`);
      });
      return handle.createReadStream({ ...range, highWaterMark: chunkBytes });
    },

    remove: (sha256) => rm(pathOf(sha256), { force: true }),

    close: () => {},
  };
}

// Fewer reads per gigabyte than Node's own 64 KiB, and little memory per download.
const chunkBytes = 256 * 1024;

/** Makes acknowledged data survive a power failure. */
async function flush(path: string): Promise<void> {
  const handle = await open(path);
  await handle.sync().finally(() => handle.close());
}

/** A file appears under its digest only when it is whole, on whatever disk it was staged. */
async function move(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error;
    const part = `${to}.part`;
    await copyFile(from, part);
    await flush(part);
    await rename(part, to);
  }
}
