import type { Attention, Cost, Privacy, Waiting } from '@rondo/protocol';
import useSWR, { type SWRConfiguration } from 'swr';
import { insightPaths } from '../api/insight.ts';
import { getJson } from '../api/resources.ts';

/** Derived figures stand beside the live ones: where there are none, their panel is hidden, and nothing is retried. */
const useDerived = <T>(path: string | null, options: SWRConfiguration) =>
  useSWR<T>(path, (key: string) => getJson<T>(key), { shouldRetryOnError: false, keepPreviousData: true, ...options });

const whileRunning = (isRunning: boolean, intervalMs: number) => ({ refreshInterval: isRunning ? intervalMs : 0 });

export const useAttention = (run_id: string | null, isRunning: boolean) =>
  useDerived<Attention>(run_id && insightPaths.attention(run_id), whileRunning(isRunning, 5_000));

/** Why the running round is not over. */
export const useWaiting = (run_id: string | null, isRunning: boolean) =>
  useDerived<Waiting>(isRunning ? run_id && insightPaths.waiting(run_id) : null, whileRunning(isRunning, 3_000));

export const usePrivacy = (run_id: string | null, isRunning: boolean) =>
  useDerived<Privacy>(run_id && insightPaths.privacy(run_id), whileRunning(isRunning, 15_000));

/** Costs of the rounds from `from` on, cumulated from the first of the run. */
export const useCost = (run_id: string | null, from: number | null, isRunning: boolean) =>
  useDerived<Cost>(run_id && insightPaths.cost(run_id, from), whileRunning(isRunning, 15_000));
