import {
  type Axis,
  isRoundOver,
  type Page,
  type Round,
  type Run,
  type RunPage,
  type Series,
  type SeriesList,
} from '@rondo/protocol';
import useSWR from 'swr';
import { getJson, paths } from '../api/resources.ts';
import { roundsPath } from '../api/rounds.ts';

/** The runs with these ids, in one request; one that does not exist, or may not be seen, is left out and named. */
export const useRunsById = (ids: readonly string[]) =>
  useSWR<{ readonly runs: readonly Run[]; readonly missing: readonly string[] }>(
    ids.length === 0 ? null : ['runs', ...ids],
    async () => {
      const { items } = await getJson<RunPage>(paths.runsById(ids));
      const found = new Map<string, Run>(items.map((run) => [run.run_id, run]));
      return { runs: ids.flatMap((id) => found.get(id) ?? []), missing: ids.filter((id) => !found.has(id)) };
    },
  );

/** Points of each run: two for each pixel of a chart. */
const maxPoints = 1_000;

/** One series of each run, by run, in one request. */
export const useSeriesOfRuns = (ids: readonly string[], name: string, x: Axis) =>
  useSWR<ReadonlyMap<string, Series>>(
    ids.length === 0 ? null : ['series', name, x, ...ids],
    async () => {
      const { items } = await getJson<SeriesList>(paths.seriesOfRuns({ ids, name, x, max_points: maxPoints }));
      return new Map(items.map((series) => [series.run_id as string, series]));
    },
    { keepPreviousData: true, refreshInterval: 15_000 },
  );

/** The share of selected clients that returned in each of the newest rounds, as a series of each run. */
export const useParticipation = (ids: readonly string[]) =>
  useSWR<ReadonlyMap<string, Series>>(
    ids.length === 0 ? null : ['participation', ...ids],
    async () => {
      const load = async (run_id: string) => {
        const { items } = await getJson<Page<Round>>(roundsPath(run_id, null));
        return [run_id, participationOf(run_id, items)] as const;
      };
      return new Map(await Promise.all(ids.map(load)));
    },
    { keepPreviousData: true, refreshInterval: 60_000 },
  );

/** Rounds whose clients are not named, or that are not over, say nothing. */
function participationOf(run_id: string, rounds: readonly Round[]): Series {
  const counted = rounds
    .filter((round) => isRoundOver(round) && round.num_clients_expected > round.num_clients_unreported)
    .sort((a, b) => a.round - b.round);
  return {
    run_id: run_id as Series['run_id'],
    name: 'participation',
    client_id: null,
    total: counted.length,
    sampled: false,
    step: counted.map(({ round }) => round),
    value: counted.map(
      (round) => round.num_clients_completed / (round.num_clients_expected - round.num_clients_unreported),
    ),
    at: counted.map(({ completed_at, started_at }) => completed_at ?? started_at),
  };
}
