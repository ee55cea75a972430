import { create } from 'zustand';

/**
 *   (none) ──▶ running ──▶ done
 *     │           ├──────▶ failed ──▶ running …
 *     │           └──────▶ (none), called off
 *     └──────▶ handed_over: the browser's own download has it, and tells nobody how it goes
 */
export type Download =
  | { readonly state: 'running'; readonly received: number; readonly started_at: number; readonly cancel: () => void }
  | { readonly state: 'done' }
  | { readonly state: 'handed_over' }
  | { readonly state: 'failed'; readonly detail: string };

/** By version. Kept outside the page, so that a download goes on while its user looks at something else. */
export const useDownloadStore = create<Readonly<Record<string, Download>>>()(() => ({}));

export const setDownload = (version: string, download: Download): void =>
  useDownloadStore.setState({ [version]: download });

export function forgetDownload(version: string): void {
  const { [version]: _, ...others } = useDownloadStore.getState();
  useDownloadStore.setState(others, true);
}

export const isAnyRunning = (): boolean =>
  Object.values(useDownloadStore.getState()).some(({ state }) => state === 'running');
