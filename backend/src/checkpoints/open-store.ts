import type { CheckpointStore } from './store.ts';

/** Where contents are kept: an S3-compatible store if there is a URL, else the folder. */
export async function openStore(folder: string, url: URL | undefined): Promise<CheckpointStore> {
  if (!url) return (await import('./file-store.ts')).createFileStore(folder);
  // The SDK is slow to load, and a file store does not need it.
  const { createS3Store } = await import('./s3-store.ts');
  const path = url.pathname.replaceAll(/^\/+|\/+$/g, '');
  return createS3Store({
    bucket: url.hostname,
    prefix: path && `${decodeURIComponent(path)}/`,
    region: url.searchParams.get('region') ?? undefined,
    endpoint: url.searchParams.get('endpoint') ?? undefined,
    forcePathStyle: url.searchParams.get('force_path_style') === 'true',
  });
}
