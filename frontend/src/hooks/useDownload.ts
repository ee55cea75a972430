import type { Model } from '@rondo/protocol';
import { useCallback } from 'react';
import { transferModel } from '../api/download.ts';
import { getDownloadLink } from '../api/models.ts';
import { problemDetail } from '../api/problem.ts';
import { canWriteToDisk, letBrowserDownload, pickFile, safeFileName } from '../lib/disk.ts';
import { throttle } from '../lib/throttle.ts';
import { wait } from '../lib/wait.ts';
import {
  type Download,
  downloadKey,
  forgetDownload,
  isAnyRunning,
  setDownload,
  useDownloadStore,
} from '../store/downloads.ts';

export type { Download };

/** How the download of one checkpoint goes, and what starts it. */
export function useDownload(model: Model): [Download | undefined, () => void] {
  const download = useDownloadStore((downloads) => downloads[downloadKey(model)]);
  const start = useCallback(() => {
    const failed = (error: unknown) => setDownload(model, { state: 'failed', detail: problemDetail(error) });
    void (canWriteToDisk() ? saveToDisk(model) : handOver(model)).catch(failed);
  }, [model]);
  return [download, start];
}

/** A browser that lets no page write files streams it by itself. */
async function handOver(model: Model): Promise<void> {
  letBrowserDownload(await getDownloadLink(model));
  setDownload(model, { state: 'handed_over' });
}

const progressEveryMs = 200;

async function saveToDisk(model: Model): Promise<void> {
  const { run_id, version, size_bytes } = model;
  const file = await pickFile(safeFileName(fileNameOf(model)));
  if (file === null) return;
  const aborter = new AbortController();
  const running = { state: 'running', started_at: Date.now(), cancel: () => aborter.abort() } as const;
  let received = 0;
  const tell = throttle(() => setDownload(model, { ...running, received }), progressEveryMs);
  tell();
  window.addEventListener('beforeunload', warn);
  const writable = await file.createWritable();
  try {
    await transferModel({
      run_id,
      version,
      size_bytes,
      signal: aborter.signal,
      sink: { write: (data, position) => writable.write({ type: 'write', position, data }) },
      onProgress: (bytes) => {
        received = bytes;
        tell();
      },
      fetch: (...request) => fetch(...request),
      wait,
    });
    await writable.close();
    tell.cancel();
    setDownload(model, { state: 'done' });
  } catch (error) {
    tell.cancel();
    // What was written goes with it: the file keeps what it had before.
    await writable.abort().catch(() => {});
    if (!aborter.signal.aborted) throw error;
    forgetDownload(model);
  } finally {
    if (!isAnyRunning()) window.removeEventListener('beforeunload', warn);
  }
}

function warn(event: BeforeUnloadEvent): void {
  event.preventDefault();
}

const fileNameOf = ({ version, format }: Model): string =>
  /^[\w-]{1,20}$/.test(format) && !version.endsWith(`.${format}`) ? `${version}.${format}` : version;
