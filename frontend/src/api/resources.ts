import type { ClientUpdate, Round } from '@rondo/protocol';
import { api } from './client.ts';

export interface Page<T> {
  readonly items: readonly T[];
  readonly total: number;
  readonly limit: number;
  readonly offset: number;
}

export interface ClientHistory {
  readonly client_id: string;
  readonly items: readonly ClientUpdate[];
  readonly total: number;
}

/** Addresses are the keys under which answers are kept. */
export const paths = {
  runs: '/api/runs?limit=100',
  clientHistory: (client_id: string, run_id: string) =>
    `/api/clients/${encodeURIComponent(client_id)}/history?${new URLSearchParams({ run_id })}`,
};

export async function getJson<T>(path: string): Promise<T> {
  const { data } = await api.get<T>(path);
  return data;
}

/** Asks for a round, or the whole run, to be closed; the FL server does so when it hears of it. */
export async function requestStop(round_id: number, reason: string, scope: 'round' | 'run'): Promise<Round> {
  const { data } = await api.post<Round>(`/api/rounds/${round_id}/stop`, { reason, scope });
  return data;
}
