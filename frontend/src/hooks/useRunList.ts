import type { ListedRun } from '@rondo/protocol';
import { useState } from 'react';
import useSWR from 'swr';
import { getJson } from '../api/resources.ts';

interface RunPage {
  readonly items: readonly ListedRun[];
  readonly total: number;
  readonly next?: string | null;
}

interface RunList {
  readonly runs: readonly ListedRun[];
  readonly total: number;
  readonly hasMore: boolean;
}

const pageSize = 100;

/** The first pages of the runs that match, read again every 10 s and after each change to a run. */
export function useRunList(query: string) {
  const [wanted, setWanted] = useState({ query, pages: 1 });
  const pages = wanted.query === query ? wanted.pages : 1;
  // An address, so that a change to a run finds it among what is kept; the server never receives the fragment.
  const { data, error, isLoading, isValidating } = useSWR<RunList>(
    `/api/runs?${query}&limit=${pageSize}#${pages}`,
    () => readPages(`/api/runs?${query}&limit=${pageSize}`, pages),
    { refreshInterval: 10_000, keepPreviousData: true },
  );
  return {
    runs: data?.runs,
    total: data?.total,
    error: error as unknown,
    isLoading,
    isLoadingMore: isValidating && data !== undefined && data.runs.length < (pages - 1) * pageSize + 1,
    more: data?.hasMore ? () => setWanted({ query, pages: pages + 1 }) : null,
  };
}

async function readPages(address: string, pages: number): Promise<RunList> {
  const runs: ListedRun[] = [];
  let page = await getJson<RunPage>(address);
  runs.push(...page.items);
  for (let read = 1; read < pages && page.next; read++) {
    page = await getJson<RunPage>(`${address}&cursor=${encodeURIComponent(page.next)}`);
    runs.push(...page.items);
  }
  return { runs, total: page.total, hasMore: page.next != null };
}

/** The first few runs that a text finds; the newest when it is empty. */
export const useRunSearch = (text: string) =>
  useSWR<RunPage>(
    `/api/runs?${new URLSearchParams({ ...(text !== '' && { q: text }), limit: '8' })}`,
    (path: string) => getJson<RunPage>(path),
    { keepPreviousData: true },
  );
