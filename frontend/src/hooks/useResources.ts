import type { Run } from '@rondo/protocol';
import useSWR, { type SWRConfiguration, type SWRResponse } from 'swr';
import { type ClientHistory, getJson, type Page, paths } from '../api/resources.ts';

const useJson = <T>(path: string | null, options?: SWRConfiguration): SWRResponse<T> =>
  useSWR<T>(path, (key: string) => getJson<T>(key), options);

/** Newest first. New runs are rare and the live page follows them by itself, so a slow poll is enough. */
export const useRuns = () => useJson<Page<Run>>(paths.runs, { refreshInterval: 10_000 });

/** One client's part in every round of the run. */
export const useClientHistory = (client_id: string | null, run_id: string | null) =>
  useJson<ClientHistory>(client_id === null || run_id === null ? null : paths.clientHistory(client_id, run_id), {
    refreshInterval: 5_000,
  });
