import type { Axis, SeriesList } from '@rondo/protocol';
import useSWR from 'swr';
import { getJson, paths } from '../api/resources.ts';

/** Points of each series: two for each pixel of a card. */
const maxPoints = 400;

/** Many series of the FL server in one request. A run that is over does not change. */
export const useManySeries = (run_id: string, names: readonly string[], x: Axis, isRunning: boolean) =>
  useSWR<SeriesList>(
    names.length === 0 ? null : paths.manySeries({ run_id, names, x, max_points: maxPoints }),
    (path: string) => getJson<SeriesList>(path),
    {
      refreshInterval: isRunning ? 5_000 : 0,
      keepPreviousData: true,
      revalidateOnFocus: false,
      revalidateIfStale: isRunning,
    },
  );
