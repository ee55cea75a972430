import type { Model } from '@rondo/protocol';
import { create } from 'zustand';

/**
 *   (none) ──▶ running ──▶ done
 *     │           ├──────▶ failed ──▶ running …
 *     │           └──────▶ (none), called off
 *     └──────▶ handed_over: the browser's own download has it, and reports no progress
 */
export type Download =
  | { readonly state: 'running'; readonly received: number; readonly started_at: number; readonly cancel: () => void }
  | { readonly state: 'done' }
  | { readonly state: 'handed_over' }
  | { readonly state: 'failed'; readonly detail: string };

/** A version is a name within its run. */
type Key = Pick<Model, 'run_id' | 'version'>;

export const downloadKey = ({ run_id, version }: Key): string => JSON.stringify([run_id, version]);

/** By `downloadKey`. Kept outside the page, so that a download goes on while its user looks at something else. */
export const useDownloadStore = create<Readonly<Record<string, Download>>>()(() => ({}));

export const setDownload = (key: Key, download: Download): void =>
  useDownloadStore.setState({ [downloadKey(key)]: download });

export function forgetDownload(key: Key): void {
  const { [downloadKey(key)]: _, ...others } = useDownloadStore.getState();
  useDownloadStore.setState(others, true);
}

export const isAnyRunning = (): boolean =>
  Object.values(useDownloadStore.getState()).some(({ state }) => state === 'running');
