import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, readdir, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { BadRequest, Busy, NoRoom, TooLarge, TooMany } from '../errors.ts';

export interface StagingLimits {
  /** The maximum for one checkpoint. */
  readonly maxBytes: number;
  readonly maxUploads?: number;
  /** Of one API key. [M1] */
  readonly maxUploadsPerKey?: number;
  /** Of all that is declared and not yet stored; one API key has at most half of it. */
  readonly maxTotalBytes?: number;
}

interface Promised {
  readonly bytes: number;
  /** Absent for what a person uploads. */
  readonly key_id?: string | undefined;
}

interface Wish extends Promised {
  /** Where the file is no checkpoint. */
  readonly mostBytes?: number | undefined;
}

// Left to the database and the log, which share the disk.
const spareBytes = 256 * 1024 * 1024;
const prefix = 'put-';
// A PUT that lives writes at least every minute; storing what it wrote may take a while.
const abandonedMs = 60 * 60_000;
/** An upload without a new byte for this long gives its place to another one. */
const idleMs = 10 * 60_000;

/**
 * The folder where uploads are assembled before they become checkpoints. Their number and declared bytes are bounded, for
 * all and for each API key; an upload over a bound is refused before its first byte, and uploads in progress continue.
 * [K2] [B10]
 */
export class Staging {
  readonly folder: string;
  readonly maxBytes: number;
  readonly #maxUploads: number;
  readonly #maxUploadsPerKey: number;
  readonly #maxTotalBytes: number;
  readonly #promised = new Map<string, Promised>();
  /** Removes a resumable upload that makes no progress. */
  giveUp: (id: string) => Promise<void> = async () => {};

  constructor(
    folder: string,
    { maxBytes, maxUploads = 64, maxUploadsPerKey = maxUploads, maxTotalBytes = 4 * maxBytes }: StagingLimits,
  ) {
    this.folder = folder;
    this.maxBytes = maxBytes;
    this.#maxUploads = maxUploads;
    this.#maxUploadsPerKey = maxUploadsPerKey;
    this.#maxTotalBytes = maxTotalBytes;
  }

  async prepare(): Promise<void> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
  }

  pathOf(id: string): string {
    return join(this.folder, id);
  }

  /** Promises room to an upload, until `release`. */
  async reserve(id: string, bytes: number, key_id?: string, mostBytes = this.maxBytes): Promise<void> {
    if (bytes > mostBytes) throw new TooLarge(`${bytes} bytes are more than the ${this.maxBytes} of MODEL_MAX_BYTES`);
    if (this.#of(key_id).length >= this.#maxUploadsPerKey) await this.#giveUpIdle(key_id);
    if (this.#promised.size >= this.#maxUploads) await this.#giveUpIdle();
    this.#checkBounds(bytes, key_id);
    // Noted before anything is awaited, so that two cannot take the same room.
    this.#promised.set(id, { bytes, key_id });
    const [{ bavail, bsize }, missing] = await Promise.all([statfs(this.folder), this.#missingBytes()]);
    if (missing + spareBytes <= bavail * bsize) return;
    this.release(id);
    throw new NoRoom(`the server's disk has no room for ${bytes} more bytes; ask its operator to free space`);
  }

  #checkBounds(bytes: number, key_id: string | undefined): void {
    const ofKey = this.#of(key_id);
    if (this.#promised.size >= this.#maxUploads)
      throw new Busy(
        `${this.#promised.size} uploads are under way, as many as the server takes; send it again later`,
        30,
      );
    if (ofKey.length >= this.#maxUploadsPerKey)
      throw new TooMany(
        `this API key has ${ofKey.length} uploads under way, as many as one key may have (KEY_UPLOADS_AT_ONCE); finish or cancel one`,
        30,
      );
    const sum = (all: Iterable<Promised>) => [...all].reduce((total, each) => total + each.bytes, 0);
    const promised = sum(this.#promised.values());
    // The first one may be larger than all checkpoints together: an import has a bound of its own.
    if (promised > 0 && promised + bytes > this.#maxTotalBytes)
      throw new Busy(`${promised} bytes are being uploaded already; send it again when some of them have arrived`, 30);
    const half = this.#maxTotalBytes / 2;
    if (key_id !== undefined && sum(ofKey) + bytes > half)
      throw new TooMany(
        `this API key has ${sum(ofKey)} bytes under way, and ${bytes} more are over the ${half} of one key (twice MODEL_MAX_BYTES); finish or cancel an upload`,
        30,
      );
  }

  #of(key_id: string | undefined): Promised[] {
    if (key_id === undefined) return [];
    return [...this.#promised.values()].filter((each) => each.key_id === key_id);
  }

  /** What is promised and not on the disk yet. */
  async #missingBytes(): Promise<number> {
    const left = [...this.#promised].map(async ([id, { bytes }]) => {
      const size = await stat(this.pathOf(id)).then(
        ({ size }) => size,
        () => 0,
      );
      return Math.max(0, bytes - size);
    });
    return (await Promise.all(left)).reduce((sum, each) => sum + each, 0);
  }

  /** Of the resumable uploads, of one key or of all, gives up the one that has been idle longest. */
  async #giveUpIdle(key_id?: string): Promise<void> {
    const asked = [...this.#promised].flatMap(([id, each]) =>
      id.startsWith(prefix) || (key_id !== undefined && each.key_id !== key_id) ? [] : [id],
    );
    const found = asked.map(async (id) => ({ id, at: (await stat(this.pathOf(id)).catch(() => undefined))?.mtimeMs }));
    const idle = (await Promise.all(found)).filter(({ at }) => at !== undefined && Date.now() - at > idleMs);
    const [oldest] = idle.sort((a, b) => Number(a.at) - Number(b.at));
    if (oldest) await this.giveUp(oldest.id);
  }

  /** Notes what an earlier process has promised. */
  adopt(id: string, bytes: number, key_id: string): void {
    this.#promised.set(id, { bytes, key_id });
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
  async withFile<T>(
    stream: Readable,
    { bytes, key_id, mostBytes }: Wish,
    use: (file: string) => Promise<T>,
  ): Promise<T> {
    const id = `${prefix}${randomUUID()}`;
    await this.reserve(id, bytes, key_id, mostBytes);
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
