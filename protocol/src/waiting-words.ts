import type { RunCondition } from './entities.ts';
import type { Waiting, waitingCauses } from './http/waiting.ts';

type Cause = (typeof waitingCauses)[number];

/** What the sentence about an open round is made of: by the server from its database, by a page from its own state. [G21] */
export interface WaitingFacts {
  readonly runStatus: string;
  readonly condition: RunCondition | null;
  readonly round: { readonly round: number; readonly status: string } | null;
  /** Without an answer. */
  readonly numNamed: number;
  readonly numUnnamed: number;
  /** All of the named upload. */
  readonly isTransfer: boolean;
  /** Those of the named beyond their bound, the first by id; null where that is not known yet. */
  readonly late: Late | null;
}

interface Late {
  readonly total: number;
  readonly first: readonly Pick<Waiting['outstanding'][number], 'client_id' | 'elapsed_ms' | 'bound_ms'>[];
}

/** Clients beyond their bound that a sentence names. */
const mostNamed = 3;

/** The cause from the catalogue, and one sentence. [G7] */
export function waitingCause(facts: WaitingFacts): { cause: Cause; sentence: string } {
  const { runStatus, condition, round, numNamed, numUnnamed, isTransfer, late } = facts;
  const missing = numNamed + numUnnamed;
  if (runStatus !== 'running') return { cause: 'run_over', sentence: `The run is over: its status is ${runStatus}.` };
  if (condition?.state === 'silent') {
    const since = `${condition.since.slice(0, 16).replace('T', ' ')} UTC`;
    const open = round ? `; round ${round.round} ${missing > 0 ? `still lacks ${clients(missing)}` : 'is open'}` : '';
    return { cause: 'fl_server_silent', sentence: `The FL server has been silent since ${since}${open}.` };
  }
  if (condition?.state === 'waiting_for_clients' || round?.status === 'waiting') {
    const detail = condition?.state === 'waiting_for_clients' ? condition.detail : null;
    const text = detail ?? 'the FL server waits until enough clients are there';
    return { cause: 'minimum_of_clients_not_met', sentence: asSentence(text) };
  }
  if (!round) return { cause: 'between_rounds', sentence: 'No round is open: the FL server prepares the next one.' };
  if (round.status === 'aggregating')
    return { cause: 'aggregating', sentence: `The FL server aggregates the results of round ${round.round}.` };
  const waits = `Round ${round.round} waits for`;
  if (late !== null && late.total > 0)
    return { cause: 'clients_beyond_their_bound', sentence: `${waits} ${lateOf(late)}.` };
  if (numNamed > 0) {
    if (isTransfer)
      return { cause: 'transfer', sentence: `${waits} the updates of ${clients(numNamed)}, which upload.` };
    const rest = late === null ? '' : ', none beyond its usual time';
    return { cause: 'clients_running', sentence: `${waits} ${clients(numNamed)}${rest}.` };
  }
  if (numUnnamed > 0)
    return {
      cause: 'unnamed_clients',
      sentence: `${waits} ${clients(numUnnamed)} that the FL server does not name.`,
    };
  return {
    cause: 'aggregating',
    sentence: `All clients of round ${round.round} have answered; its end is not reported yet.`,
  };
}

function lateOf({ total, first }: Late): string {
  const names = first.slice(0, mostNamed).map(({ client_id }) => client_id);
  const more = total > names.length ? ` and ${total - names.length} more` : '';
  const text = `${clients(total)} beyond ${total === 1 ? 'its' : 'their'} usual time: ${names.join(', ')}${more}`;
  const [example] = first;
  if (!example?.bound_ms) return text;
  const [elapsed, bound] = differentDurations(example.elapsed_ms, example.bound_ms);
  return `${text} (${example.client_id}: ${elapsed}, usually below ${bound})`;
}

export interface ClosingFacts {
  readonly num_counted: number;
  readonly num_missing: number;
  readonly examples_lost_share: number | null;
  readonly time_saved_ms: number | null;
}

/** What the round would include and lack if it were closed now. */
export function closingSentence({
  num_counted,
  num_missing,
  examples_lost_share,
  time_saved_ms,
}: ClosingFacts): string {
  const parts = [
    `Closing now counts ${num_counted} of ${clients(num_counted + num_missing)}`,
    examples_lost_share !== null && `without ${Math.round(100 * examples_lost_share)} % of the examples`,
    time_saved_ms !== null && time_saved_ms > 0 && `and saves about ${shortDuration(time_saved_ms)}`,
  ];
  return `${parts.filter((part) => part !== false).join(', ')}.`;
}

const clients = (n: number): string => (n === 1 ? '1 client' : `${n} clients`);

export const asSentence = (text: string): string =>
  `${text.charAt(0).toUpperCase()}${text.slice(1).replace(/\.$/, '')}.`;

/** Two digits or more of whatever is not zero: a duration is never "0 s". */
export function shortDuration(ms: number): string {
  if (ms < 1_000) return `${ms < 10 ? Number(Math.max(0.01, ms).toPrecision(2)) : Math.min(999, Math.round(ms))} ms`;
  if (ms < 9_950) return `${Number((ms / 1_000).toFixed(1))} s`;
  return ms < 120_000 ? `${Math.round(ms / 1_000)} s` : `${Math.round(ms / 60_000)} min`;
}

/** With as many digits as show that they differ: "12 s, usually below 12 s" contradicts itself. */
export function differentDurations(a: number, b: number): [string, string] {
  const short: [string, string] = [shortDuration(a), shortDuration(b)];
  if (short[0] !== short[1]) return short;
  const [unit, size] =
    a < 1_000 ? (['ms', 1] as const) : a < 120_000 ? (['s', 1_000] as const) : (['min', 60_000] as const);
  for (let digits = 1; digits < 4; digits++) {
    const exact = [a, b].map((ms) => `${(ms / size).toFixed(digits)} ${unit}`) as [string, string];
    if (exact[0] !== exact[1]) return exact;
  }
  return short;
}
