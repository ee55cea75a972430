import { type RunCondition, shortDuration } from '@rondo/protocol';

/** The inputs of a running run's condition. */
export interface Vitals {
  readonly started_at: string;
  readonly last_reported_at: string | null;
  readonly condition: RunCondition | null;
  readonly waiting: { readonly needed: number; readonly here: number | null; readonly since: string } | null;
  readonly pace: {
    readonly durations: readonly (readonly [round: number, ms: number])[];
    readonly open: { readonly round: number; readonly started_at: string; readonly deadline: string | null } | null;
  };
}

export const silentAfterMs = 30_000;
// Fewer rounds say little about how long one takes.
const leastRounds = 3;
const overdueFactor = 3;

/** The condition of a running run at `now`, by the server's clock. The condition that hides others wins. [L7] */
export function conditionOf(vitals: Vitals, now: string): RunCondition {
  const found = silent(vitals, now) ?? overdue(vitals, now) ?? waiting(vitals) ?? healthy(now);
  const known = vitals.condition;
  // A run stays healthy since when it became so.
  if (known?.state !== found.state) return found;
  const isSame = known.detail === found.detail && known.since === found.since;
  if (isSame || found.state === 'healthy') return known;
  return found;
}

const healthy = (now: string): RunCondition => ({ state: 'healthy', since: now, detail: null });

function silent({ last_reported_at }: Vitals, now: string): RunCondition | undefined {
  if (last_reported_at === null || Date.parse(now) - Date.parse(last_reported_at) <= silentAfterMs) return undefined;
  const detail = `no batch from the FL server's reporter has arrived for ${silentAfterMs / 1_000} s`;
  return { state: 'silent', since: last_reported_at, detail };
}

function overdue({ pace: { open, durations } }: Vitals, now: string): RunCondition | undefined {
  if (open === null) return undefined;
  if (open.deadline !== null && now > open.deadline)
    return { state: 'overdue', since: open.deadline, detail: `round ${open.round} is past its deadline` };
  const median = medianOf(durations.map(([, ms]) => ms));
  if (median === undefined || durations.length < leastRounds) return undefined;
  const limit = Date.parse(open.started_at) + overdueFactor * median;
  if (Date.parse(now) <= limit) return undefined;
  const detail = `round ${open.round} has taken more than ${overdueFactor} times the median round of ${shortDuration(median)}`;
  return { state: 'overdue', since: new Date(limit).toISOString(), detail };
}

function waiting({ waiting: waits, pace }: Vitals): RunCondition | undefined {
  if (waits === null || pace.open !== null) return undefined;
  const here = waits.here === null ? '' : `, ${waits.here} ${waits.here === 1 ? 'is' : 'are'} here`;
  const detail = `waiting for ${waits.needed} client${waits.needed === 1 ? '' : 's'}${here}`;
  return { state: 'waiting_for_clients', since: waits.since, detail };
}

function medianOf(numbers: readonly number[]): number | undefined {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle];
  return upper === undefined || sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
}
