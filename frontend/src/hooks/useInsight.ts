import {
  type Attention,
  type AttentionNews,
  accountOf,
  type Convergence,
  type Cost,
  type Participation,
  type Privacy,
  type Round,
  type Waiting,
} from '@rondo/protocol';
import { useEffect, useMemo, useRef } from 'react';
import useSWR, { type SWRConfiguration, type SWRResponse } from 'swr';
import { insightPaths } from '../api/insight.ts';
import { getJson } from '../api/resources.ts';
import { useFLStore } from '../store/fl-store.ts';
import { lastClosedRound, type PastView, useIsPast, usePast } from './usePast.ts';

/** Derived figures stand beside the live ones: where there are none, their panel is hidden, and nothing is retried. */
const useDerived = <T>(path: string | null, options: SWRConfiguration) =>
  useSWR<T>(path, (key: string) => getJson<T>(key), { shouldRetryOnError: false, keepPreviousData: true, ...options });

const whileRunning = (isRunning: boolean, intervalMs: number) => ({ refreshInterval: isRunning ? intervalMs : 0 });

/**
 * The attention list; of a past moment it comes from the episodes that were open then. Its items are those of the stream,
 * like everything else on the page; an answer brings the rest: what is muted, and the budget. [G21]
 */
export function useAttention(
  run_id: string | null,
  isRunning: boolean,
): Pick<SWRResponse<Attention>, 'data' | 'isLoading'> {
  const past = usePast();
  const isThen = past !== null && past.viewer.run_id === run_id;
  const { data, isLoading } = useDerived<Attention>(
    isThen ? null : run_id && insightPaths.attention(run_id),
    whileRunning(isRunning, 5_000),
  );
  const then = useMemo(() => (past === null || !isThen ? undefined : attentionThen(past)), [past, isThen]);
  const news = useFLStore(({ viewer }) => (viewer.run_id === run_id ? viewer.attention : null));
  const live = useMemo(() => {
    const answer = data?.run_id === run_id ? data : undefined;
    return news === null ? answer : { ...(answer ?? withoutRest(news)), items: news.items, total: news.total };
  }, [news, data, run_id]);
  return { data: isThen ? then : live, isLoading };
}

function attentionThen(past: PastView): Attention | undefined {
  const news = past.viewer.attention;
  if (news === null) return undefined;
  const { rounds, viewer } = past;
  return {
    ...withoutRest(news),
    from_round: rounds[0]?.round ?? null,
    to_round: lastClosedRound(past),
    budget: { ...noBudget, num_clients: Object.keys(viewer.clients).length },
  };
}

const noBudget = { false_marks_per_100_rounds: 0, num_clients: 0, statement: '' };

const withoutRest = (news: AttentionNews): Attention => ({
  ...news,
  muted_items: [],
  mutes: [],
  from_round: null,
  to_round: null,
  budget: noBudget,
});

/** Nothing is stored of how these stood at a past moment. */
const onlyLive = <T>(
  { data, isLoading }: SWRResponse<T>,
  isPast: boolean,
): Pick<SWRResponse<T>, 'data' | 'isLoading'> => ({
  data: isPast ? undefined : data,
  isLoading,
});

/** Why the running round is not over; asked again as soon as the round on screen is another one, or has all its answers. */
export function useWaiting(run_id: string | null, isRunning: boolean, round: Round) {
  const isPast = useIsPast();
  const path = isRunning && !isPast ? run_id && insightPaths.waiting(run_id) : null;
  const answer = useDerived<Waiting>(path, whileRunning(isRunning, 3_000));
  const situation = `${round.round} ${round.status} ${accountOf(round).pending > 0}`;
  const asked = useRef(situation);
  const { mutate } = answer;
  useEffect(() => {
    if (asked.current === situation) return;
    asked.current = situation;
    void mutate();
  }, [situation, mutate]);
  return onlyLive(answer, isPast);
}

export function usePrivacy(run_id: string | null, isRunning: boolean) {
  const isPast = useIsPast();
  const path = isPast ? null : run_id && insightPaths.privacy(run_id);
  return onlyLive(useDerived<Privacy>(path, whileRunning(isRunning, 15_000)), isPast);
}

/** Whether the loss, or the accuracy, still changes. */
export function useConvergence(run_id: string, isRunning: boolean) {
  const isPast = useIsPast();
  const path = isPast ? null : insightPaths.convergence(run_id);
  return onlyLive(useDerived<Convergence>(path, whileRunning(isRunning, 15_000)), isPast);
}

/** How often each client takes part; every round of the run is read for it, so it is read seldom. */
export function useParticipation(run_id: string, isRunning: boolean) {
  const isPast = useIsPast();
  const path = isPast ? null : insightPaths.participation(run_id);
  return onlyLive(useDerived<Participation>(path, whileRunning(isRunning, 60_000)), isPast);
}

/** Costs of the rounds from `from` on, cumulated from the first of the run. */
export function useCost(run_id: string | null, from: number | null, isRunning: boolean): { data: Cost | undefined } {
  const past = usePast();
  // A moment that moves must not be a request for each round it passes.
  const path = run_id && insightPaths.cost(run_id, past === null ? from : null);
  const { data } = useDerived<Cost>(path, whileRunning(isRunning && past === null, 15_000));
  const last = past && (lastClosedRound(past) ?? -1);
  const shown = useMemo(() => (data === undefined || last === null ? data : costUpTo(data, last)), [data, last]);
  return { data: shown };
}

/** The totals by label are of the whole run, so a past moment has none. */
function costUpTo(cost: Cost, last: number): Cost {
  const count = cost.round.findLastIndex((round) => round <= last) + 1;
  const columns = Object.entries(cost).map(([name, value]) => [
    name,
    Array.isArray(value) && name !== 'labels' ? value.slice(0, count) : value,
  ]);
  return { ...(Object.fromEntries(columns) as Cost), by_label: null };
}
