import type { AttentionRule } from '@rondo/protocol';
import { api } from './client.ts';

const of = (run_id: string, what: string): string => `/api/runs/${encodeURIComponent(run_id)}/${what}`;

export interface LogQuery {
  readonly run_id: string;
  readonly level: string;
  readonly client_id: string;
  readonly q: string;
  /** Only lines before this moment. */
  readonly to?: string | undefined;
}

export const insightPaths = {
  attention: (run_id: string) => of(run_id, 'attention'),
  waiting: (run_id: string) => of(run_id, 'waiting'),
  timeline: (run_id: string) => of(run_id, 'timeline'),
  privacy: (run_id: string) => of(run_id, 'privacy'),
  convergence: (run_id: string) => of(run_id, 'convergence'),
  participation: (run_id: string) => of(run_id, 'participation'),
  dispersion: (run_id: string, measure: string, from: number | null) =>
    of(run_id, `dispersion?${new URLSearchParams({ measure, ...(from !== null && { from: String(from) }) })}`),
  cost: (run_id: string, from: number | null) =>
    of(run_id, `cost${from === null ? '' : `?${new URLSearchParams({ from: String(from) })}`}`),
};

export function logsPath({ run_id, level, client_id, q, to = '' }: LogQuery, cursor: string | null): string {
  const given = Object.entries({ level, client_id, q, to, cursor: cursor ?? '' }).filter(([, value]) => value !== '');
  return of(run_id, `logs?${new URLSearchParams([['limit', '200'], ...given])}`);
}

interface MuteKey {
  readonly client_id: string | null;
  readonly rule: AttentionRule | null;
}

/** Mutes a rule for a client, or all rules for it, in one run. */
export async function mute(run_id: string, key: MuteKey, reason: string): Promise<void> {
  await api.put(of(run_id, 'attention/mutes'), { ...key, reason });
}

export async function unmute(run_id: string, { client_id, rule }: MuteKey): Promise<void> {
  const given = Object.entries({ client_id, rule }).filter((each): each is [string, string] => each[1] !== null);
  await api.delete(of(run_id, `attention/mutes?${new URLSearchParams(given)}`));
}
