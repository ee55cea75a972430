import type { ClientUpdate, MetricValue, Round } from '@rondo/protocol';
import { api } from './client.ts';

export interface Page<T> {
  readonly items: readonly T[];
  readonly total: number;
  readonly limit: number;
  readonly offset: number;
}

export interface RoundDetail extends Round {
  readonly client_updates: readonly ClientUpdate[];
}

export interface ClientHistory {
  readonly client_id: string;
  readonly items: readonly ClientUpdate[];
  readonly total: number;
}

/** A series as columns; of `total` points, `sampled` says whether each bucket shows only its extremes. */
export interface Series {
  readonly run_id: string;
  readonly name: string;
  readonly client_id: string | null;
  readonly total: number;
  readonly sampled: boolean;
  readonly step: readonly number[];
  readonly value: readonly MetricValue[];
  readonly at: readonly string[];
}

/** Addresses are the keys under which answers are kept. */
export const paths = {
  runs: '/api/runs?limit=100',
  round: (round_id: number) => `/api/rounds/${round_id}`,
  clientHistory: (client_id: string, run_id: string) =>
    `/api/clients/${encodeURIComponent(client_id)}/history?${new URLSearchParams({ run_id })}`,
  series: (run_id: string, name: string, client_id?: string) =>
    `/api/metrics/series?${new URLSearchParams({ run_id, name, ...(client_id !== undefined && { client_id }) })}`,
};

export async function getJson<T>(path: string): Promise<T> {
  const { data } = await api.get<T>(path);
  return data;
}

/** Asks for a round to be closed; the FL server does so when it hears of it. */
export async function requestStop(round_id: number, reason: string): Promise<Round> {
  const { data } = await api.post<Round>(`/api/rounds/${round_id}/stop`, { reason });
  return data;
}
