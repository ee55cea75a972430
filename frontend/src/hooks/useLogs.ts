import type { LogEntry } from '@rondo/protocol';
import { useEffect, useMemo, useRef, useState } from 'react';
import useSWRInfinite from 'swr/infinite';
import { type LogQuery, logsPath } from '../api/insight.ts';
import { getJson } from '../api/resources.ts';
import type { KeysetPage } from '../api/rounds.ts';
import { matchesLog } from '../lib/log-filter.ts';
import { throttle } from '../lib/throttle.ts';
import { useFLData } from './useFLData.ts';
import { usePast } from './usePast.ts';

interface Logs {
  /** Oldest first. */
  readonly entries: readonly LogEntry[];
  readonly isLoading: boolean;
  readonly loadOlder: (() => void) | null;
}

/** The log of a run: what is stored, newest page first, and the lines of the stream as they arrive. */
export function useLogs(query: LogQuery): Logs {
  const live = useFLData(({ viewer }) => (viewer.run_id === query.run_id ? viewer.logs : noLogs));
  const past = usePast();
  const atMs = past?.atMs ?? null;
  const until = useSettledMoment(atMs);
  const shownQuery = useMemo(
    () => ({ ...query, to: until === null ? undefined : new Date(until + 1).toISOString() }),
    [query, until],
  );
  const { data, size, setSize, isLoading } = useSWRInfinite<KeysetPage<LogEntry>>(
    (index, previous: KeysetPage<LogEntry> | null) =>
      index > 0 && !previous?.next ? null : logsPath(shownQuery, previous?.next ?? null),
    (path: string) => getJson<KeysetPage<LogEntry>>(path),
    {
      revalidateFirstPage: false,
      revalidateOnFocus: false,
      shouldRetryOnError: false,
      keepPreviousData: atMs !== null,
    },
  );
  const entries = useMemo(() => {
    const byId = new Map<number, LogEntry>();
    for (const page of data ?? []) for (const entry of page.items) byId.set(entry.log_id, entry);
    for (const entry of live) if (matchesLog(entry, query)) byId.set(entry.log_id, entry);
    const entries = [...byId.values()].sort((a, b) => a.log_id - b.log_id);
    return atMs === null ? entries : entries.filter(({ at }) => Date.parse(at) <= atMs);
  }, [data, live, query, atMs]);
  const hasOlder = data?.[size - 1]?.next != null;
  return { entries, isLoading, loadOlder: hasOlder ? () => void setSize(size + 1) : null };
}

const noLogs: readonly LogEntry[] = [];

/** A moment that moves is one request a second. */
const everyMs = 1_000;

function useSettledMoment(atMs: number | null): number | null {
  const [settled, setSettled] = useState(atMs);
  const latest = useRef(atMs);
  const settle = useMemo(() => throttle(() => setSettled(latest.current), everyMs), []);
  useEffect(() => {
    latest.current = atMs;
    settle();
  }, [atMs, settle]);
  useEffect(() => settle.cancel, [settle]);
  return atMs === null ? null : (settled ?? atMs);
}
