import type { ListedRun } from '@rondo/protocol';
import useSWRInfinite from 'swr/infinite';
import { getJson } from '../api/resources.ts';

interface RunPage {
  readonly items: readonly ListedRun[];
  readonly total: number;
  readonly next: string | null;
}

const pageSize = 100;

/** Runs that match, a page at a time; the pages on screen are read again every 10 s. */
export function useRunList(query: string) {
  const { data, error, isLoading, isValidating, size, setSize } = useSWRInfinite<RunPage>(
    (index, previous: RunPage | null) => {
      if (index > 0 && !previous?.next) return null;
      const cursor = index > 0 ? `&cursor=${encodeURIComponent(previous?.next ?? '')}` : '';
      return `/api/runs?${query}&limit=${pageSize}${cursor}`;
    },
    (path: string) => getJson<RunPage>(path),
    { refreshInterval: 10_000, revalidateFirstPage: true, keepPreviousData: true },
  );
  const last = data?.at(-1);
  return {
    runs: data?.flatMap(({ items }) => items),
    total: data?.[0]?.total,
    error: error as unknown,
    isLoading,
    isLoadingMore: isValidating && data !== undefined && data.length < size,
    more: last?.next ? () => void setSize(size + 1) : null,
  };
}
