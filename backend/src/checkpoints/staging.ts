import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, readdir, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { BadRequest, Busy, NoRoom, TooLarge } from '../errors.ts';

export interface StagingLimits {
  /** The maximum for one checkpoint. */
  readonly maxBytes: number;
  readonly maxUploads?: number;
  /** The maximum for all declared uploads that are not stored yet. */
  readonly maxTotalBytes?: number;
}

// Left to the database and the log, which share the disk.
const spareBytes = 256 * 1024 * 1024;
const prefix = 'put-';
// A PUT that lives writes at least every minute; storing what it wrote may take a while.
const abandonedMs = 60 * 60_000;

/**
 * The folder where uploads are assembled before they become checkpoints. Their number and declared bytes are bounded;
 * an upload over the bound is refused before its first byte, and uploads in progress continue. [K2]
 */
export class Staging {
  readonly folder: string;
  readonly maxBytes: number;
  readonly #maxUploads: number;
  readonly #maxTotalBytes: number;
  readonly #promised = new Map<string, number>();

  constructor(folder: string, { maxBytes, maxUploads = 64, maxTotalBytes = 4 * maxBytes }: StagingLimits) {
    this.folder = folder;
    this.maxBytes = maxBytes;
    this.#maxUploads = maxUploads;
    this.#maxTotalBytes = maxTotalBytes;
  }

  async prepare(): Promise<void> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
  }

  pathOf(id: string): string {
    return join(this.folder, id);
  }

  /** Promises room to an upload, until `release`. */
  async reserve(id: string, bytes: number): Promise<void> {
    if (bytes > this.maxBytes)
      throw new TooLarge(`${bytes} bytes are more than the ${this.maxBytes} of MODEL_MAX_BYTES`);
    if (this.#promised.size >= this.#maxUploads)
      throw new Busy(`${this.#promised.size} uploads are under way, and no more are taken; finish or cancel one`, 30);
    const promised = [...this.#promised.values()].reduce((sum, each) => sum + each, 0);
    if (promised + bytes > this.#maxTotalBytes)
      throw new Busy(`${promised} bytes are being uploaded already; come back when some of them have arrived`, 30);
    // Noted before anything is awaited, so that two cannot take the same room.
    this.#promised.set(id, bytes);
    const { bavail, bsize } = await statfs(this.folder);
    if (bytes + spareBytes <= bavail * bsize) return;
    this.release(id);
    throw new NoRoom(`the server's disk has no room for ${bytes} more bytes; ask its operator to free space`);
  }

  /** Notes what an earlier process has promised. */
  adopt(id: string, bytes: number): void {
    this.#promised.set(id, bytes);
  }

  isPromised(id: string): boolean {
    return this.#promised.has(id);
  }

  names(): Promise<string[]> {
    return readdir(this.folder);
  }

  release(id: string): void {
    this.#promised.delete(id);
  }

  /** Runs `use` with a file that holds exactly `bytes` of the stream. Nothing is left of it afterwards. */
  async withFile<T>(stream: Readable, bytes: number, use: (file: string) => Promise<T>): Promise<T> {
    const id = `${prefix}${randomUUID()}`;
    await this.reserve(id, bytes);
    const file = this.pathOf(id);
    try {
      await pipeline(stream, createWriteStream(file, { flags: 'wx', mode: 0o600 })).catch((cause: unknown) => {
        throw new BadRequest(`the upload broke off before all of its ${bytes} bytes had come; send it again`, {
          cause,
        });
      });
      const { size } = await stat(file);
      if (size !== bytes) throw new BadRequest(`${size} bytes came and Content-Length said ${bytes}; send it again`);
      return await use(file);
    } finally {
      this.release(id);
      await rm(file, { force: true });
    }
  }

  /** Removes what a killed process has left of its PUTs. */
  async sweep(nowMs = Date.now()): Promise<void> {
    for (const name of await this.names()) {
      if (!name.startsWith(prefix) || this.#promised.has(name)) continue;
      const { mtimeMs } = await stat(this.pathOf(name));
      if (nowMs - mtimeMs > abandonedMs) await rm(this.pathOf(name), { force: true });
    }
  }
}
