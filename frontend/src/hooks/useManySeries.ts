import type { Axis, SeriesList } from '@rondo/protocol';
import { useMemo } from 'react';
import useSWR from 'swr';
import { getJson, paths } from '../api/resources.ts';
import { seriesUntil } from '../lib/series-until.ts';
import { usePast } from './usePast.ts';

/** Points of each series: two for each pixel of a card. */
const maxPoints = 400;

/** Many series of the FL server in one request. A run that is over does not change. */
export function useManySeries(run_id: string, names: readonly string[], x: Axis, isRunning: boolean) {
  const past = usePast();
  const answer = useSWR<SeriesList>(
    names.length === 0 ? null : paths.manySeries({ run_id, names, x, max_points: maxPoints }),
    (path: string) => getJson<SeriesList>(path),
    {
      refreshInterval: isRunning && past === null ? 5_000 : 0,
      keepPreviousData: true,
      revalidateOnFocus: false,
      revalidateIfStale: isRunning,
    },
  );
  const { data } = answer;
  const shown = useMemo(
    () =>
      data === undefined || past === null
        ? data
        : { items: data.items.map((series) => seriesUntil(series, past.atMs)) },
    [data, past],
  );
  return { ...answer, data: shown };
}
