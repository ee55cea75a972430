import { rm } from 'node:fs/promises';
import { FileStore } from '@tus/file-store';
import { Upload } from '@tus/server';
import type { Staging } from './staging.ts';

/** Uploads that have not become versions within a day are given up. */
export const expiresAfterMs = 24 * 60 * 60_000;
/** A client that was cut off at the very end still learns that its upload has arrived. */
const rememberedMs = 60 * 60_000;

/** Once stored, an upload has no bytes here any more, only its note. */
export const isStored = (upload: Pick<Upload, 'metadata'> | undefined): boolean =>
  upload?.metadata?.stored_at !== undefined;

/** The files of resumable uploads: `<id>` holds the bytes and `<id>.json` what they are of. */
export class UploadStore extends FileStore {
  readonly #staging: Staging;

  constructor(staging: Staging) {
    super({ directory: staging.folder, expirationPeriodInMilliseconds: expiresAfterMs });
    this.#staging = staging;
    // A length that comes later could not be promised room.
    this.extensions = this.extensions.filter((name) => name !== 'creation-defer-length');
  }

  override async getUpload(id: string): Promise<Upload> {
    const noted = await this.configstore.get(id);
    if (!noted || !isStored(noted)) return super.getUpload(id);
    return new Upload({ ...noted, id, offset: noted.size ?? 0 });
  }

  override async create(upload: Upload): Promise<Upload> {
    try {
      return await super.create(upload);
    } catch (error) {
      await this.remove(upload.id);
      throw error;
    }
  }

  override async write(...[bytes, id, offset]: Parameters<FileStore['write']>): Promise<number> {
    if (!isStored(await this.configstore.get(id))) return super.write(bytes, id, offset);
    // Nothing follows the last byte.
    bytes.resume();
    return offset;
  }

  override async remove(id: string): Promise<void> {
    this.#staging.release(id);
    await rm(this.#staging.pathOf(id), { force: true });
    await this.configstore.delete(id).catch(() => {}); // Removed already.
  }

  /** The bytes are a version now: keeps the note alone. */
  async forgetBytes(upload: Upload): Promise<void> {
    upload.metadata = { ...upload.metadata, stored_at: new Date().toISOString() };
    await this.configstore.set(upload.id, upload);
    await rm(this.#staging.pathOf(upload.id), { force: true });
    this.#staging.release(upload.id);
  }

  /** Every upload that is not over, and removes those that are. */
  async *open(nowMs: number): AsyncIterable<Upload> {
    for (const id of await this.#ids()) {
      const upload = await this.getUpload(id).catch(() => undefined);
      if (!upload && this.#staging.isPromised(id)) continue; // It is being created.
      const since = Date.parse(String(upload?.metadata?.stored_at ?? upload?.creation_date));
      const lasts = isStored(upload) ? rememberedMs : expiresAfterMs;
      if (!upload || !(nowMs - since < lasts)) await this.remove(id);
      else if (!isStored(upload)) yield upload;
    }
  }

  async #ids(): Promise<string[]> {
    const names = await this.#staging.names();
    return [...new Set(names.map((name) => idForm.exec(name)?.[1]).filter((id) => id !== undefined))];
  }
}

const idForm = /^([0-9a-f]{32})(\.json)?$/;
