import type { Axis, MatrixMeasure, Round, StopRequest } from '@rondo/protocol';
import { api } from './client.ts';

export interface SeriesQuery {
  readonly run_id: string;
  readonly name: string;
  /** `null` is the server's own. */
  readonly client_id: string | null;
  /** Steps, both included; `null` is all of them. */
  readonly range: { readonly from: number; readonly to: number } | null;
  /** Adds the place of each value on this axis. */
  readonly x?: Axis;
  readonly max_points: number;
}

interface ManySeriesQuery {
  readonly run_id: string;
  readonly names: readonly string[];
  readonly x: Axis;
  readonly max_points: number;
}

interface RunsSeriesQuery {
  readonly ids: readonly string[];
  readonly name: string;
  readonly x: Axis;
  readonly max_points: number;
}

/** Addresses are the keys under which answers are kept. */
export const paths = {
  runs: '/api/runs?limit=100',
  /** At most a hundred. */
  runsById: (ids: readonly string[]) =>
    `/api/runs?${new URLSearchParams([['limit', '100'], ...ids.map((id) => ['run_id', id])])}`,
  run: (run_id: string) => `/api/runs/${encodeURIComponent(run_id)}`,
  /** Of one run as many rounds as the server returns at once; of all runs enough to name them. */
  clientHistory: (client_id: string, run_id: string | null) =>
    `/api/clients/${encodeURIComponent(client_id)}/history?${new URLSearchParams(run_id === null ? { limit: '2000' } : { run_id, limit: '10000' })}`,
  round: (round_id: number) => `/api/rounds/${round_id}`,
  /** The one that is `offset` before the newest. */
  roundAt: (run_id: string, offset: number) =>
    `/api/rounds?${new URLSearchParams({ run_id, limit: '1', offset: String(offset) })}`,
  /** To suggest from, or all that the server returns at once. */
  metricNames: (run_id: string, client_id: string | null, which: 'some' | 'all') =>
    `/api/metrics/names?${new URLSearchParams({ run_id, ...(client_id !== null && { client_id }), limit: which === 'all' ? '10000' : '500' })}`,
  matrix: (run_id: string, measure: MatrixMeasure) =>
    `/api/runs/${encodeURIComponent(run_id)}/matrix?${new URLSearchParams({ measure })}`,
  /** Always a list, of one name as well. */
  manySeries: ({ run_id, names, x, max_points }: ManySeriesQuery) => {
    const query = new URLSearchParams({ run_id, max_points: String(max_points), x });
    for (const name of names) query.append('name', name);
    // A parameter that is given twice is a list, and a run is named once in the answer.
    if (names.length === 1) query.append('run_id', run_id);
    return `/api/metrics/series?${query}`;
  },
  /** Always a list, of one run as well. */
  seriesOfRuns: ({ ids, name, x, max_points }: RunsSeriesQuery) => {
    const query = new URLSearchParams({ max_points: String(max_points), x });
    for (const run_id of ids) query.append('run_id', run_id);
    query.append('name', name);
    if (ids.length === 1) query.append('name', name);
    return `/api/metrics/series?${query}`;
  },
  series: ({ run_id, name, client_id, range, x, max_points }: SeriesQuery) => {
    const query = new URLSearchParams({ run_id, name, max_points: String(max_points) });
    if (x !== undefined) query.set('x', x);
    if (client_id !== null) query.set('client_id', client_id);
    if (range !== null) query.set('from', String(range.from));
    if (range !== null) query.set('to', String(range.to));
    return `/api/metrics/series?${query}`;
  },
};

export async function getJson<T>(path: string): Promise<T> {
  const { data } = await api.get<T>(path);
  return data;
}

export async function getBytes(path: string): Promise<ArrayBuffer> {
  const { data } = await api.get<ArrayBuffer>(path, { responseType: 'arraybuffer' });
  return data;
}

/** Asks for a round, or the whole run, to be closed; the FL server does so when it hears of it. */
export async function requestStop(round_id: number, reason: string, scope: StopRequest['scope']): Promise<Round> {
  const { data } = await api.post<Round>(`/api/rounds/${round_id}/stop`, { reason, scope });
  return data;
}
