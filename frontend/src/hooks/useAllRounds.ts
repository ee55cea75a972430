import { limits, type Round } from '@rondo/protocol';
import { useEffect, useMemo } from 'react';
import useSWR from 'swr';
import useSWRInfinite from 'swr/infinite';
import { getJson } from '../api/resources.ts';
import { type KeysetPage, roundCountPath, roundsPath } from '../api/rounds.ts';
import { useFLData } from './useFLData.ts';
import { usePast } from './usePast.ts';

/** 10,000 rounds: more than a table is read for. */
const mostPages = 50;

interface AllRounds {
  /** Newest first. */
  readonly rounds: readonly Round[];
  readonly total: number | null;
  readonly error: unknown;
  readonly isLoading: boolean;
  /** Further pages are on their way. */
  readonly isFilling: boolean;
}

/** Every round of a run: page by page from the server, the newest of them live from the stream. */
export function useAllRounds(run_id: string): AllRounds {
  const past = usePast();
  const isRunning = useFLData(({ viewer }) => viewer.run?.status === 'running');
  const live = useFLData(({ viewer }) => (viewer.run_id === run_id ? viewer.rounds : null));
  const { data, error, size, setSize, isLoading } = useSWRInfinite<KeysetPage<Round>>(
    (index, previous: KeysetPage<Round> | null) =>
      index > 0 && !previous?.next ? null : roundsPath(run_id, previous?.next ?? null),
    (path: string) => getJson<KeysetPage<Round>>(path),
    { revalidateFirstPage: false, revalidateOnFocus: false, refreshInterval: isRunning ? 60_000 : 0 },
  );
  const last = data?.[size - 1];
  const hasMore = last !== undefined && last.next !== null && size < mostPages;
  useEffect(() => {
    if (hasMore) void setSize(size + 1);
  }, [hasMore, size, setSize]);
  const rounds = useMemo(() => {
    const byNumber = new Map<number, Round>();
    for (const page of data ?? []) for (const round of page.items) byNumber.set(round.round, round);
    for (const round of Object.values(live ?? {})) byNumber.set(round.round, round);
    return [...byNumber.values()].sort((a, b) => b.round - a.round);
  }, [data, live]);
  const then = useMemo(() => (past?.viewer.run_id === run_id ? [...past.rounds].reverse() : null), [past, run_id]);
  if (then !== null) return { rounds: then, total: then.length, error, isLoading: false, isFilling: false };
  const total = data?.[0] === undefined ? null : Math.max(data[0].total, rounds.length);
  return { rounds, total, error, isLoading, isFilling: hasMore };
}

/** How many rounds the run has; null while that is not known. The stream keeps only the newest. [B9] */
export function useRoundCount(): number | null {
  const past = usePast();
  const run_id = useFLData(({ viewer }) => viewer.run_id);
  const kept = useFLData(({ viewer }) => Object.keys(viewer.rounds).length);
  const isWhole = kept < limits.snapshotRounds;
  const { data } = useSWR(
    isWhole || run_id === null ? null : roundCountPath(run_id),
    (path: string) => getJson<KeysetPage<Round>>(path),
    { refreshInterval: 15_000, keepPreviousData: true },
  );
  if (past !== null) return past.rounds.length;
  return isWhole ? kept : (data?.total ?? null);
}
