import type { MetricNames, Page, Run, Series } from '@rondo/protocol';
import { useMemo } from 'react';
import useSWR, { type SWRConfiguration, type SWRResponse } from 'swr';
import { getJson, paths, type SeriesQuery } from '../api/resources.ts';
import { seriesUntil } from '../lib/series-until.ts';
import { usePast } from './usePast.ts';

const useJson = <T>(path: string | null, options?: SWRConfiguration): SWRResponse<T> =>
  useSWR<T>(path, (key: string) => getJson<T>(key), options);

/** Newest first. New runs are rare and the live page follows them by itself, so a slow poll is enough. */
export const useRuns = () => useJson<Page<Run>>(paths.runs, { refreshInterval: 10_000 });

/** What the server itself, or one client, has series of: a list to suggest from, so it may be a little old. */
export const useMetricNames = (run_id: string | null, client_id: string | null, which: 'some' | 'all' = 'some') =>
  useJson<MetricNames>(run_id === null ? null : paths.metricNames(run_id, client_id, which), {
    refreshInterval: 15_000,
  });

/** One part of a series. While another part is fetched, what is known of the same series stays. */
export function useSeries(query: SeriesQuery | null) {
  const { data, ...answer } = useJson<Series>(query && paths.series(query), {
    refreshInterval: 5_000,
    keepPreviousData: true,
  });
  const isSame = data?.run_id === query?.run_id && data?.name === query?.name && data?.client_id === query?.client_id;
  const past = usePast();
  const shown = useMemo(
    () => (data === undefined || past === null ? data : seriesUntil(data, past.atMs)),
    [data, past],
  );
  return { ...answer, data: isSame ? shown : undefined };
}
