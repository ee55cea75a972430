import { isRoundOver, type Page, type Round, type RoundDetail } from '@rondo/protocol';
import useSWR from 'swr';
import { getJson, paths } from '../api/resources.ts';
import { useFLData } from './useFLData.ts';

interface RoundAnswer {
  readonly data: RoundDetail | undefined;
  readonly error: unknown;
  /** There is no round of this number. */
  readonly isMissing: boolean;
}

const pollMs = 3_000;

/** One round of a run with what became of each client; one that is not over yet is asked for again and again. */
export function useRoundDetail(run_id: string, round: number): RoundAnswer {
  const known = useFLData(({ viewer }) => (viewer.run_id === run_id ? viewer.rounds[round]?.round_id : undefined));
  const newest = useFLData(({ viewer }) => (viewer.run_id === run_id ? (viewer.run?.current_round ?? null) : null));
  // Older than what the live stream keeps: rounds are numbered without gaps, so its place in the list is known.
  const offset = known === undefined && newest !== null ? newest - round : null;
  const found = useSWR(offset === null || offset < 0 ? null : paths.roundAt(run_id, offset), (path: string) =>
    getJson<Page<Round>>(path),
  );
  const item = found.data?.items[0];
  const round_id = known ?? (item?.round === round ? item.round_id : undefined);
  const detail = useSWR(
    round_id === undefined ? null : paths.round(round_id),
    (path: string) => getJson<RoundDetail>(path),
    {
      refreshInterval: (latest) => (latest !== undefined && isRoundOver(latest) ? 0 : pollMs),
    },
  );
  const isMissing = (offset !== null && offset < 0) || (found.data !== undefined && round_id === undefined);
  return { data: detail.data, error: detail.error ?? found.error, isMissing };
}
