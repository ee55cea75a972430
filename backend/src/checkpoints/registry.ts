import { randomUUID } from 'node:crypto';
import { stat } from 'node:fs/promises';
import type { Model, ModelVersion, ProjectId, RunId } from '@rondo/protocol';
import type { Db } from '../db/db.ts';
import { surplusModels } from '../db/queries/model-changes.ts';
import { claimContent, forgetContent, releaseClaim, takeUnreferenced } from '../db/queries/model-contents.ts';
import { findModel } from '../db/queries/models.ts';
import { projectOfRun } from '../db/queries/projects.ts';
import { Busy, Conflict, Forbidden, Invalid, notYours } from '../errors.ts';
import { sha256Of } from './digest.ts';
import { readSafetensors } from './safetensors.ts';
import type { CheckpointStore } from './store.ts';

/** The metadata that an uploader sends with a checkpoint. */
export interface Upload {
  readonly version: ModelVersion;
  readonly run_id: RunId;
  /** The API key's project. [O2] */
  readonly project_id: ProjectId;
  readonly round: number | null;
  readonly parent: ModelVersion | null;
  readonly format: string | null;
  readonly sha256: string;
  /** Name of the API key. */
  readonly created_by: string;
  /** Undefined for an upload that began before keys were noted. */
  readonly key_id?: string | undefined;
}

interface HeldContent {
  readonly isSafetensors: boolean;
  readonly size_bytes: number;
  readonly release: () => Promise<void>;
}

export interface RegistryDeps {
  readonly db: Db;
  readonly store: CheckpointStore;
  /** Resolves when the version is committed; false if it exists already. */
  readonly save: (model: Upload & { readonly format: string; readonly size_bytes: number }) => Promise<boolean>;
  /** Deletes those of the versions that no alias holds. */
  readonly prune: (models: readonly { run_id: RunId; version: ModelVersion }[]) => Promise<void>;
  /** Newest versions of each run that stay beside those that an alias holds; undefined keeps all. */
  readonly keep: number | undefined;
}

// Enough to store 100 GB over a slow line. Only the claim of a dead process ever expires.
const claimMs = 6 * 60 * 60_000;
// Longer than any single request to a store may take.
const abandonedMs = 10 * 60_000;
const perSweep = 1_000;

/**
 * The way of a checkpoint from a staged file to a version, and of a content out of the store. [K1] [K3]
 *
 *   staged file ─▶ digest as promised ─▶ claim ─▶ store ─▶ version committed ─▶ claim released
 *   last version deleted, no claim ─▶ marked ─▶ removed from the store ─▶ forgotten
 */
export class ModelRegistry {
  readonly #deps: RegistryDeps;
  #sweeping: Promise<void> | null = null;
  #sweepAgain = false;

  constructor(deps: RegistryDeps) {
    this.#deps = deps;
  }

  /** The version, when it exists with this content already; `Conflict` when it is taken. */
  async find({ version, run_id, sha256, project_id }: Upload): Promise<Model | undefined> {
    const owner = await projectOfRun(this.#deps.db, run_id);
    // Checked before the version, so that a caller learns nothing about another project. [O3]
    if (owner !== undefined && owner !== project_id) throw new Forbidden(notYours(run_id));
    const known = await findModel(this.#deps.db, version, null, run_id);
    if (!known) return undefined;
    if (known.sha256 !== sha256)
      throw new Conflict(`version ${version} exists with another content, and versions never change; use another name`);
    return known;
  }

  /** Creates a version from a complete staged file. A refusal leaves nothing stored. */
  async admit(file: string, upload: Upload): Promise<{ model: Model; isNew: boolean }> {
    const { sha256 } = upload;
    const digest = await sha256Of(file);
    if (digest !== sha256)
      throw new Invalid([{ path: 'sha256', message: `the content has ${digest}, not ${sha256}: send it again` }]);
    const known = await this.find(upload);
    if (known) return { model: known, isNew: false };
    const { isSafetensors, size_bytes, release } = await this.hold(file, sha256);
    const format = upload.format ?? (isSafetensors ? 'safetensors' : 'binary');
    const isNew = await this.#deps.save({ ...upload, format, size_bytes }).finally(release);
    const model = await this.find(upload);
    if (!model) throw new Conflict(`version ${upload.version} was deleted while it was being saved`);
    return { model, isNew };
  }

  /** Stores a content whose digest is verified. Until `release` it stays, whether or not a version has it. */
  async hold(file: string, sha256: string): Promise<HeldContent> {
    const { db, store } = this.#deps;
    const summary = await readSafetensors(file);
    const content = { tensor_count: 0, tensors: [], ...summary, sha256, size_bytes: (await stat(file)).size };
    const claim = { claim_id: randomUUID(), expires_at: new Date(Date.now() + claimMs).toISOString() };
    if (!(await db.transaction((tx) => claimContent(tx, content, claim))))
      throw new Busy('the same content is being removed right now; send it again', 2);
    const release = async () => {
      await releaseClaim(db, claim.claim_id);
      // Another upload may have taken the name since the check.
      this.sweep().catch(() => {}); // The next sweep retries, and logs the error.
    };
    try {
      await store.put(sha256, file);
    } catch (error) {
      await release();
      throw error;
    }
    return { isSafetensors: summary !== null, size_bytes: content.size_bytes, release };
  }

  /** Deletes what is kept beyond MODELS_KEEP, and takes contents that no version has any more out of the store. */
  sweep(): Promise<void> {
    this.#sweepAgain = this.#sweeping !== null;
    this.#sweeping ??= this.#sweepAll().finally(() => {
      this.#sweeping = null;
    });
    return this.#sweeping;
  }

  async close(): Promise<void> {
    await this.#sweeping;
  }

  async #sweepAll(): Promise<void> {
    do {
      this.#sweepAgain = false;
      const { db, keep, prune } = this.#deps;
      const surplus = keep === undefined ? [] : await surplusModels(db, keep, perSweep);
      if (surplus.length > 0) await prune(surplus);
      await this.#removeUnreferenced();
    } while (this.#sweepAgain);
  }

  async #removeUnreferenced(): Promise<void> {
    const { db, store } = this.#deps;
    const [now, abandonedBefore] = [0, abandonedMs].map((ms) => new Date(Date.now() - ms).toISOString()) as [
      string,
      string,
    ];
    const free = await db.transaction((tx) => takeUnreferenced(tx, { now, abandonedBefore }, perSweep));
    for (const sha256 of free) {
      await store.remove(sha256);
      await forgetContent(db, sha256);
    }
  }
}
