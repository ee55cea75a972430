import type { LogEntry } from '@rondo/protocol';
import { useMemo } from 'react';
import useSWRInfinite from 'swr/infinite';
import { type LogQuery, logsPath } from '../api/insight.ts';
import { getJson } from '../api/resources.ts';
import type { KeysetPage } from '../api/rounds.ts';
import { matchesLog } from '../lib/log-filter.ts';
import { useFLData } from './useFLData.ts';

interface Logs {
  /** Oldest first. */
  readonly entries: readonly LogEntry[];
  readonly isLoading: boolean;
  readonly loadOlder: (() => void) | null;
}

/** The log of a run: what is stored, newest page first, and the lines of the stream as they arrive. */
export function useLogs(query: LogQuery): Logs {
  const live = useFLData(({ viewer }) => (viewer.run_id === query.run_id ? viewer.logs : noLogs));
  const { data, size, setSize, isLoading } = useSWRInfinite<KeysetPage<LogEntry>>(
    (index, previous: KeysetPage<LogEntry> | null) =>
      index > 0 && !previous?.next ? null : logsPath(query, previous?.next ?? null),
    (path: string) => getJson<KeysetPage<LogEntry>>(path),
    { revalidateFirstPage: false, revalidateOnFocus: false, shouldRetryOnError: false },
  );
  const entries = useMemo(() => {
    const byId = new Map<number, LogEntry>();
    for (const page of data ?? []) for (const entry of page.items) byId.set(entry.log_id, entry);
    for (const entry of live) if (matchesLog(entry, query)) byId.set(entry.log_id, entry);
    return [...byId.values()].sort((a, b) => a.log_id - b.log_id);
  }, [data, live, query]);
  const hasOlder = data?.[size - 1]?.next != null;
  return { entries, isLoading, loadOlder: hasOlder ? () => void setSize(size + 1) : null };
}

const noLogs: readonly LogEntry[] = [];
