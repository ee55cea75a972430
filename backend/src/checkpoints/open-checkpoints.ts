import { join } from 'node:path';
import { startPeriodic } from '../periodic.ts';
import { openStore } from './open-store.ts';
import { ModelRegistry, type RegistryDeps } from './registry.ts';
import { ResumableUploads } from './resumable-uploads.ts';
import { Staging } from './staging.ts';
import type { CheckpointStore } from './store.ts';

export interface CheckpointSettings {
  readonly dataDir: string;
  /** An S3-compatible store. If absent, contents are files under `dataDir`. */
  readonly storeUrl?: URL | undefined;
  readonly keep?: number | undefined;
  readonly maxBytes: number;
  /** Uploads of one API key at the same time. [M1] */
  readonly maxUploadsPerKey?: number | undefined;
}

export interface Checkpoints {
  readonly store: CheckpointStore;
  readonly staging: Staging;
  readonly registry: ModelRegistry;
  readonly uploads: ResumableUploads;
  /** Removes unreferenced contents and abandoned uploads; completes uploads that a killed process had received whole. */
  readonly sweep: () => Promise<void>;
  readonly close: () => Promise<void>;
}

interface Deps extends Pick<RegistryDeps, 'db' | 'save' | 'prune'> {
  readonly settings: CheckpointSettings;
  readonly onError: (error: unknown) => void;
  readonly isKeyActive?: ((key_id: string) => Promise<boolean>) | undefined;
  readonly checkDay?: ((key_id: string, bytes: number) => Promise<void>) | undefined;
}

const sweepEveryMs = 60_000;

export async function openCheckpoints({
  settings,
  onError,
  isKeyActive,
  checkDay,
  ...deps
}: Deps): Promise<Checkpoints> {
  const { dataDir, storeUrl, keep, maxBytes, maxUploadsPerKey } = settings;
  const store = await openStore(join(dataDir, 'models'), storeUrl);
  const staging = new Staging(join(dataDir, 'uploads'), { maxBytes, ...(maxUploadsPerKey && { maxUploadsPerKey }) });
  await staging.prepare();
  const registry = new ModelRegistry({ ...deps, store, keep });
  const uploads = new ResumableUploads({ staging, registry, onError, isKeyActive, checkDay });

  let sweeping: Promise<unknown> | null = null;
  const sweep = async () => {
    sweeping ??= Promise.all([staging.sweep(), uploads.sweep(), registry.sweep()]).finally(() => {
      sweeping = null;
    });
    await sweeping;
  };
  const stopSweeping = startPeriodic(sweep, { firstMs: 0, everyMs: sweepEveryMs }, onError);

  const close = async () => {
    await Promise.all([uploads.close(), stopSweeping()]);
    await registry.close().catch(() => {}); // The sweep has reported it.

    store.close();
  };
  return { store, staging, registry, uploads, sweep, close };
}
