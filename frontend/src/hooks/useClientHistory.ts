import type { ClientHistory } from '@rondo/protocol';
import { partAt } from '@rondo/protocol/rewind';
import { useMemo } from 'react';
import useSWR, { type SWRResponse } from 'swr';
import { getJson, paths } from '../api/resources.ts';
import { type PastView, usePast } from './usePast.ts';

/** One client's part in every round of the run, or of all its runs: the newest first. */
export function useClientHistory(client_id: string, run_id: string | null): SWRResponse<ClientHistory> {
  const past = usePast();
  const answer = useSWR<ClientHistory>(
    paths.clientHistory(client_id, run_id),
    (path: string) => getJson<ClientHistory>(path),
    {
      refreshInterval: run_id === null || past !== null ? 0 : 5_000,
    },
  );
  const { data } = answer;
  const shown = useMemo(
    () => (data === undefined || past === null || past.viewer.run_id !== run_id ? data : historyAt(data, past)),
    [data, past, run_id],
  );
  return { ...answer, data: shown };
}

/** The parts in rounds that had started, as far as they had come. */
function historyAt(history: ClientHistory, { rounds, atMs }: PastView): ClientHistory {
  const ends = new Map(rounds.map(({ round, completed_at }) => [round, completed_at]));
  const items = history.items.flatMap((part) => {
    const end = ends.get(part.round);
    return end === undefined ? [] : [partAt(part, end, atMs)];
  });
  return { ...history, items, total: items.length };
}
