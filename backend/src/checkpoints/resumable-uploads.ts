import { randomBytes } from 'node:crypto';
import { defaultProject, type ProjectId, projectIdSchema } from '@rondo/protocol';
import { Server, type Upload as TusUpload } from '@tus/server';
import { CallerError, NotFound } from '../errors.ts';
import type { ModelRegistry } from './registry.ts';
import type { Staging } from './staging.ts';
import { UploadLocker } from './upload-locker.ts';
import { metadataOf, parseMetadata } from './upload-metadata.ts';
import { isStored, UploadStore } from './upload-store.ts';

interface Deps {
  readonly staging: Staging;
  readonly registry: ModelRegistry;
  readonly onError: (error: unknown) => void;
  /** Whether the key may still be used; uploads of one that may not are removed. [M1] */
  readonly isKeyActive?: ((key_id: string) => Promise<boolean>) | undefined;
  /** Throws when the key's day has no room for a checkpoint of this size. [B8] */
  readonly checkDay?: ((key_id: string, bytes: number) => Promise<void>) | undefined;
}

interface Uploader {
  readonly key_id: string;
  readonly name: string;
  readonly project_id: ProjectId;
}

type Metadata = NonNullable<TusUpload['metadata']>;

// How long a request that is still writing may take to stop when another comes for the same upload.
const drainMs = 500;

/**
 * Uploads by the tus protocol, version 1.0.0: they survive cuts and restarts, and become versions when the last byte has
 * come and the digest is as promised. [K2]
 *
 *   POST ─▶ promised room ─▶ PATCH … PATCH ─▶ whole ─▶ admitted ─▶ remembered for an hour
 *                                │                        └ wrong digest: removed, 422
 *                                ├ its key is revoked: removed
 *                                ├ ten minutes without a byte, and another needs the place: removed
 *                                └ a day without the end: removed
 */
export class ResumableUploads {
  readonly #deps: Deps;
  readonly #store: UploadStore;
  readonly #server: Server;
  readonly #uploaders = new WeakMap<object, Uploader>();
  readonly #failures = new WeakMap<object, unknown>();
  readonly #admitting = new Map<string, Promise<void>>();

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#store = new UploadStore(deps.staging);
    deps.staging.giveUp = (id) => this.#remove(id);
    this.#server = new Server({
      path: '/api/uploads',
      relativeLocation: true,
      datastore: this.#store,
      maxSize: deps.staging.maxBytes,
      locker: new UploadLocker(),
      lockDrainTimeout: drainMs,
      namingFunction: () => randomBytes(16).toString('hex'),
      onIncomingRequest: (request, id) => this.#checkOwner(request, id),
      onUploadCreate: (request, upload) => this.#create(request, upload),
      onUploadFinish: async (_request, upload) => {
        await this.#admit(upload);
        return {};
      },
      onResponseError: (request, error) => {
        this.#failures.set(request, error);
        return undefined;
      },
    });
  }

  /** Answers a request; rejects with the caller's fault where the library's answer would not say it. */
  async handle(request: Request, uploader: Uploader): Promise<Response> {
    this.#uploaders.set(request, uploader);
    const response = await this.#server.handleWeb(request);
    const failure = this.#failures.get(request);
    if (failure instanceof CallerError) throw failure;
    if (response.status === 500) throw failure;
    return response;
  }

  /** Finishes what a killed process left whole, and removes what has expired. */
  async sweep(nowMs = Date.now()): Promise<void> {
    for await (const upload of this.#store.open(nowMs)) {
      const { staging, isKeyActive } = this.#deps;
      const key_id = upload.metadata?.key_id ?? '';
      if (!staging.isPromised(upload.id)) staging.adopt(upload.id, upload.size ?? 0, key_id);
      if (key_id && isKeyActive && !(await isKeyActive(key_id))) {
        await this.#remove(upload.id);
        continue;
      }
      if (upload.offset === upload.size) await this.#admit(upload).catch(this.#deps.onError);
    }
  }

  /** The key was revoked: nothing more comes of its uploads. [M1] */
  async forgetKey(key_id: string): Promise<void> {
    for await (const upload of this.#store.open(Date.now())) {
      if (upload.metadata?.key_id === key_id) await this.#remove(upload.id);
    }
  }

  /** Waits for the versions that are being made. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#admitting.values());
  }

  async #remove(id: string): Promise<void> {
    if (!this.#admitting.has(id)) await this.#store.remove(id);
  }

  async #checkOwner(request: object, id: string): Promise<void> {
    // A client that queries while the digest is computed waits for the result.
    await this.#admitting.get(id)?.catch(() => {});
    const noted = await this.#store.configstore.get(id);
    // Before it is created it has no owner, and there is nothing to cancel.
    const isOwn = noted ? noted.metadata?.key_id === this.#uploaders.get(request)?.key_id : isCreation(request);
    if (!isOwn) throw new NotFound('there is no such upload of this API key');
  }

  async #create(request: object, upload: TusUpload): Promise<{ metadata: Metadata }> {
    const said = parseMetadata(upload.metadata ?? {});
    const { key_id, name, project_id } = this.#uploaders.get(request) as Uploader;
    await this.#deps.registry.find({ ...said, project_id, created_by: name });
    await this.#deps.checkDay?.(key_id, upload.size ?? 0);
    await this.#deps.staging.reserve(upload.id, upload.size ?? 0, key_id);
    return { metadata: { ...metadataOf(said), key_id, project_id, created_by: name } };
  }

  #admit(upload: TusUpload): Promise<void> {
    const running =
      this.#admitting.get(upload.id) ?? this.#admitOnce(upload).finally(() => this.#admitting.delete(upload.id));
    this.#admitting.set(upload.id, running);
    return running;
  }

  async #admitOnce({ id }: TusUpload): Promise<void> {
    const upload = await this.#store.getUpload(id);
    if (isStored(upload)) return;
    const { created_by, project_id, key_id, ...metadata } = upload.metadata ?? {};
    try {
      const said = parseMetadata(metadata);
      await this.#deps.registry.admit(this.#deps.staging.pathOf(id), {
        ...said,
        created_by: created_by ?? '',
        key_id: key_id ?? undefined,
        // One that began before there were projects.
        project_id: projectIdSchema.catch(defaultProject).parse(project_id),
      });
    } catch (error) {
      // Delete an upload that can never become a version; retry one that only could not be stored now.
      if (error instanceof CallerError && error.status < 500) await this.#store.remove(id);
      throw error;
    }
    await this.#store.forgetBytes(upload);
  }
}

const isCreation = (request: object): boolean => 'method' in request && request.method === 'POST';
