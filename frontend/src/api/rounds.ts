import type { Page, Round, RoundDetail } from '@rondo/protocol';
import { AxiosError } from 'axios';
import { getJson } from './resources.ts';

/** A list with cursors; `next` is null on its last page. */
export type KeysetPage<T> = Page<T> & { readonly next: string | null };

const pageRounds = 200;

export const roundsPath = (run_id: string, cursor: string | null): string =>
  `/api/rounds?${new URLSearchParams({ run_id, limit: String(pageRounds), ...(cursor !== null && { cursor }) })}`;

export const roundCountPath = (run_id: string): string => `/api/rounds?${new URLSearchParams({ run_id, limit: '1' })}`;

export interface FoundRound {
  readonly detail: RoundDetail;
  /** The rounds before and after it that exist; undefined where the answer does not say. */
  readonly neighbours?: { readonly previous: number | null; readonly next: number | null } | undefined;
}

/** One round by its number; null when it does not exist. */
export async function findRound(run_id: string, round: number): Promise<FoundRound | null> {
  try {
    const detail = await getJson<RoundDetail & Pick<FoundRound, 'neighbours'>>(
      `/api/runs/${encodeURIComponent(run_id)}/rounds/${round}`,
    );
    return { detail, neighbours: detail.neighbours };
  } catch (error) {
    if (!(error instanceof AxiosError) || error.response?.status !== 404) throw error;
  }
  return searchRound(run_id, round);
}

/** Numbers may have holes, so the place of a round in the list is searched by halves, newest first. [B2] */
async function searchRound(run_id: string, round: number): Promise<FoundRound | null> {
  const at = (offset: number) =>
    getJson<Page<Round>>(
      `/api/rounds?${new URLSearchParams({ run_id, limit: String(pageRounds), offset: String(offset) })}`,
    );
  let low = 0;
  let high = Number.POSITIVE_INFINITY;
  let offset = 0;
  while (low < high) {
    const { items, total } = await at(offset);
    high = Math.min(high, total);
    const index = items.findIndex((item) => item.round <= round);
    const first = items[0];
    if (first === undefined || first.round < round) high = offset;
    else if (index === -1) low = offset + items.length;
    else {
      const found = items[index] as Round;
      if (found.round !== round) return null;
      const detail = await getJson<RoundDetail>(`/api/rounds/${found.round_id}`);
      // At the edge of the page the neighbour is on another page.
      const next = index > 0 ? (items[index - 1] as Round).round : offset === 0 ? null : undefined;
      const previous = items[index + 1]?.round ?? (offset + items.length >= total ? null : undefined);
      return { detail, neighbours: next === undefined || previous === undefined ? undefined : { previous, next } };
    }
    offset = low + Math.max(0, Math.floor((high - low - pageRounds) / 2));
  }
  return null;
}
