import type { RunDispersion } from '@rondo/protocol';
import { useMemo } from 'react';
import useSWR, { useSWRConfig } from 'swr';
import { insightPaths } from '../api/insight.ts';
import { getJson } from '../api/resources.ts';
import { useFLStore } from '../store/fl-store.ts';
import { lastClosedRound, usePast } from './usePast.ts';

/** A late result corrects a round that is over; this many are read again. */
const overlapRounds = 5;

/** What was known, with the rounds of the news in their places. */
export function mergeDispersion(known: RunDispersion, news: RunDispersion): RunDispersion {
  const items = new Map([...known.items, ...news.items].map((item) => [item.round, item]));
  return {
    ...news,
    items: [...items.values()].sort((a, b) => a.round - b.round),
    measures: [...new Set([...known.measures, ...news.measures])].sort(),
  };
}

/**
 * How the clients of each round are spread in one measure. When another round has ended only the newest rounds are fetched:
 * all of a long run cost the server as much as a second.
 */
export function useDispersion(run_id: string | null, measure: string | null, round: number): RunDispersion | null {
  const { cache } = useSWRConfig();
  const past = usePast();
  // While a moment moves, the rounds of the present are known already.
  const present = useFLStore(({ viewer }) => viewer.metrics_history.at(-1)?.round ?? 0);
  const path = run_id === null || measure === null ? null : insightPaths.dispersion(run_id, measure, null);
  const whole = path === null ? null : `whole ${path}`;
  const { data } = useSWR<RunDispersion>(
    path === null ? null : [path, past === null ? round : present],
    async () => {
      const known = (cache.get(whole as string) as { data?: RunDispersion } | undefined)?.data;
      const last = known?.items.at(-1)?.round;
      const from = last === undefined ? null : Math.max(0, last - overlapRounds);
      const news = await getJson<RunDispersion>(insightPaths.dispersion(run_id as string, measure as string, from));
      const merged = known === undefined ? news : mergeDispersion(known, news);
      cache.set(whole as string, { data: merged } as never);
      return merged;
    },
    { keepPreviousData: true, shouldRetryOnError: false, revalidateOnFocus: false },
  );
  const last = past && (lastClosedRound(past) ?? -1);
  return useMemo(() => {
    if (data === undefined || data.run_id !== run_id || data.measure !== measure) return null;
    return last === null ? data : { ...data, items: data.items.filter(({ round }) => round <= last) };
  }, [data, run_id, measure, last]);
}
