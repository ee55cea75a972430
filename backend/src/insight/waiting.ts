import {
  asSentence,
  type Client,
  type ClientId,
  closingSentence,
  type RunCondition,
  shortDuration,
  type Waiting,
  waitingCause,
  type waitingCauses,
} from '@rondo/protocol';
import { achievedCoverage, boundOf, leastRounds } from './expected-end.ts';
import { kolmogorovSmirnov, studentQuantile } from './statistics.ts';

export type Outstanding = Waiting['outstanding'][number];
type ClosingNow = NonNullable<Waiting['closing_now']>;
type Cause = (typeof waitingCauses)[number];

/** Clients that an answer names. */
const maxNamed = 200;
/** A client ends before its bound in 95 of 100 rounds. */
const boundAlpha = 0.05;
/** Below so many of its own rounds the bound of all clients serves. */
const leastOwn = 6;

/**
 * Before which moment a client usually ends: exp(ȳ + t·s·√(1 + 1/m)) of the logarithms y of its durations, the prediction
 * bound for one more of a log-normal. (The mean and two standard deviations instead are too low for small m.)
 */
export function durationBound(durationsMs: readonly number[]): { usualMs: number; boundMs: number } | undefined {
  const logs = durationsMs.filter((ms) => ms > 0).map(Math.log);
  const m = logs.length;
  if (m < 2) return undefined;
  const mean = logs.reduce((sum, log) => sum + log, 0) / m;
  const s = Math.sqrt(logs.reduce((sum, log) => sum + (log - mean) ** 2, 0) / (m - 1));
  const t = studentQuantile(2 * boundAlpha, m - 1);
  return { usualMs: Math.exp(mean), boundMs: Math.exp(mean + t * s * Math.sqrt(1 + 1 / m)) };
}

export interface Running {
  readonly client: Pick<Client, 'client_id' | 'status' | 'is_online' | 'progress'>;
  readonly elapsedMs: number;
  /** Its earlier durations, the newest last. */
  readonly durationsMs: readonly number[];
}

/** Compares each client without a result with its own history; `pooled` is the fallback for a short one. */
export function judgeOutstanding(running: readonly Running[], pooledMs: readonly number[]): Outstanding[] {
  const pooled = durationBound(pooledMs);
  const judged = running.map(({ client, elapsedMs, durationsMs }): Outstanding => {
    const isPooled = durationsMs.length < leastOwn;
    const bound = isPooled ? pooled : durationBound(durationsMs);
    return {
      client_id: client.client_id,
      status: client.status,
      is_online: client.is_online,
      progress: client.progress,
      elapsed_ms: elapsedMs,
      usual_ms: bound?.usualMs ?? null,
      bound_ms: bound?.boundMs ?? null,
      num_durations: durationsMs.length,
      is_bound_pooled: isPooled && bound !== undefined,
      is_beyond_bound: bound !== undefined && elapsedMs > bound.boundMs,
    };
  });
  return judged.sort(
    (a, b) => Number(b.is_beyond_bound) - Number(a.is_beyond_bound) || (a.client_id < b.client_id ? -1 : 1),
  );
}

export interface Situation {
  readonly runStatus: string;
  readonly condition: RunCondition | null;
  readonly round: { readonly round: number; readonly status: string } | null;
  readonly outstanding: readonly Outstanding[];
  readonly numUnnamedPending: number;
}

/** The cause from the catalogue, and one sentence. */
export function causeOf({ outstanding, numUnnamedPending, ...rest }: Situation): { cause: Cause; sentence: string } {
  const late = outstanding.filter(({ is_beyond_bound }) => is_beyond_bound);
  return waitingCause({
    ...rest,
    numNamed: outstanding.length,
    numUnnamed: numUnnamedPending,
    isTransfer: outstanding.length > 0 && outstanding.every(({ status }) => status === 'uploading'),
    late: { total: late.length, first: late },
  });
}

/** When the open round ends, by the rounds before it. */
export function expectedEnd(durationsMs: readonly number[], startedMs: number, nowMs: number): Waiting['expected_end'] {
  const { held, of } = achievedCoverage(durationsMs);
  const have = durationsMs.length;
  if (have < leastRounds) {
    const text = `not enough rounds: ${have} of the ${leastRounds} that an interval needs`;
    return { state: 'not_enough_rounds', have, need: leastRounds, sentence: asSentence(text) };
  }
  const elapsed = Math.max(0, nowMs - startedMs);
  const bound = boundOf(durationsMs, elapsed);
  const record = of > 0 ? `; such a bound held in ${held} of ${of} rounds` : '';
  if (!bound)
    return {
      state: 'later_than_usual',
      held,
      of,
      sentence: asSentence(`it takes longer than nearly all rounds before it${record}`),
    };
  const at = (ms: number) => new Date(startedMs + ms).toISOString();
  return {
    state: 'interval',
    from: new Date(nowMs).toISOString(),
    likely: at(bound.likelyMs),
    to: at(bound.upperMs),
    coverage: 0.9,
    held,
    of,
    sentence: asSentence(`it ends within ${shortDuration(bound.upperMs - elapsed)} in 90 of 100 such rounds${record}`),
  };
}

export interface Selected {
  readonly client_id: ClientId;
  readonly hasAnswered: boolean;
  /** From its last result, in this round or before. */
  readonly train_loss: number | null;
  readonly sample_count: number | null;
}

/** What the round would include and lack if it were closed now. */
export function closingNow(selected: readonly Selected[], timeSavedMs: number | null): ClosingNow {
  const counted = selected.filter(({ hasAnswered }) => hasAnswered);
  const missing = selected.filter(({ hasAnswered }) => !hasAnswered);
  const examples = (of: readonly Selected[]) => of.reduce((sum, { sample_count }) => sum + (sample_count ?? 0), 0);
  const isKnown = selected.length > 0 && selected.every(({ sample_count }) => sample_count !== null);
  const lost = isKnown && examples(selected) > 0 ? examples(missing) / examples(selected) : null;
  const differences = (['train_loss', 'sample_count'] as const).flatMap((measure): ClosingNow['differences'] => {
    const a = known(counted, measure);
    const b = known(missing, measure);
    if (a.length < leastToCompare || b.length < leastToCompare) return [];
    const { statistic, p_value } = kolmogorovSmirnov(a, b);
    return [{ measure, num_counted: a.length, num_missing: b.length, statistic, p_value, differs: p_value < 0.01 }];
  });
  const differing = differences.filter(({ differs }) => differs).map(({ measure }) => measure.replace('_', ' '));
  const test =
    differences.length === 0
      ? 'Too few are known on either side to say whether the missing differ.'
      : differing.length > 0
        ? `The missing differ from the others in ${differing.join(' and ')}, so the result would be biased.`
        : 'No difference between the missing and the others can be seen.';
  const facts = {
    num_counted: counted.length,
    num_missing: missing.length,
    time_saved_ms: timeSavedMs,
    examples_lost_share: lost,
  };
  return {
    ...facts,
    missing: missing.slice(0, maxNamed).map(({ client_id }) => client_id),
    worst_tenth_of_all: worstTenth(known(selected, 'train_loss')),
    worst_tenth_of_counted: worstTenth(known(counted, 'train_loss')),
    differences,
    sentence: `${closingSentence(facts)} ${test}`,
  };
}

/** Fewer values on a side have hardly any power. */
const leastToCompare = 5;

const known = (of: readonly Selected[], measure: 'train_loss' | 'sample_count'): number[] =>
  of.flatMap((each) => (each[measure] !== null && Number.isFinite(each[measure]) ? [each[measure]] : []));

function worstTenth(losses: readonly number[]): number | null {
  if (losses.length === 0) return null;
  const worst = [...losses].sort((a, b) => b - a).slice(0, Math.ceil(losses.length / 10));
  return worst.reduce((sum, loss) => sum + loss, 0) / worst.length;
}

export const named = <T>(items: readonly T[]): T[] => items.slice(0, maxNamed);
