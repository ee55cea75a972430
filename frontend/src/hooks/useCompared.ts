import type { Run, Series } from '@rondo/protocol';
import useSWR from 'swr';
import { getJson, paths } from '../api/resources.ts';

/** The runs with these ids; one that does not exist, or may not be seen, is left out and named. */
export const useRunsById = (ids: readonly string[]) =>
  useSWR<{ readonly runs: readonly Run[]; readonly missing: readonly string[] }>(
    ids.length === 0 ? null : ['runs', ...ids],
    async () => {
      const answers = await Promise.allSettled(ids.map((id) => getJson<Run>(paths.run(id))));
      return {
        runs: answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : [])),
        missing: ids.filter((_, index) => answers[index]?.status === 'rejected'),
      };
    },
  );

/** One series of each run, by run; the browser sends six requests at a time. */
export const useSeriesOfRuns = (ids: readonly string[], name: string, max_points: number) =>
  useSWR<ReadonlyMap<string, Series>>(
    ids.length === 0 ? null : ['series', name, max_points, ...ids],
    async () => {
      const load = (run_id: string) =>
        getJson<Series>(paths.series({ run_id, name, client_id: null, range: null, max_points }));
      const answers = await Promise.all(ids.map(load));
      return new Map(ids.map((id, index) => [id, answers[index] as Series]));
    },
    { keepPreviousData: true, refreshInterval: 15_000 },
  );
