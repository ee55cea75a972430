import type { Axis, SeriesList } from '@rondo/protocol';
import { useMemo } from 'react';
import useSWR from 'swr';
import { getJson, paths } from '../api/resources.ts';
import { useFLStore } from '../store/fl-store.ts';
import { useIsPast } from './usePast.ts';

/** As many as the server returns at once. */
const maxPoints = 20_000;
const none: ReadonlyMap<number, number> = new Map();

/** Where each round is on an axis: since the start in milliseconds, or cumulated bytes or examples. Null is by round. */
export function useRoundAxis(run_id: string | null, x: Axis, numRounds: number): ReadonlyMap<number, number> | null {
  const isByRound = x === 'round' || x === 'step';
  // While a moment moves, the places of all rounds are known already.
  const present = useFLStore(({ viewer }) => viewer.metrics_history.length);
  const isPast = useIsPast();
  const names = ['global_loss', 'global_accuracy'];
  const { data } = useSWR<SeriesList>(
    isByRound || run_id === null
      ? null
      : [paths.manySeries({ run_id, names, x, max_points: maxPoints }), isPast ? present : numRounds],
    ([path]: [string, number]) => getJson<SeriesList>(path),
    { keepPreviousData: true, shouldRetryOnError: false, revalidateOnFocus: false },
  );
  return useMemo(() => {
    if (isByRound) return null;
    if (data === undefined) return none;
    const places = new Map<number, number>();
    for (const { step, x: values } of data.items) {
      step.forEach((round, at) => {
        const place = values?.[at] ?? null;
        if (place !== null) places.set(round, place);
      });
    }
    return places;
  }, [isByRound, data]);
}
