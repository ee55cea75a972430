import {
  accountOf,
  type Client,
  closingSentence,
  isRoundOver,
  type Round,
  type Run,
  type Waiting,
  waitingCause,
} from '@rondo/protocol';

type Clients = Readonly<Record<string, Client>>;
type ClosingNow = NonNullable<Waiting['closing_now']>;

interface Shown {
  readonly run: Run;
  readonly round: Round;
  readonly clients: Clients;
}

/**
 * The sentence about the round on screen, by the counts on screen: the answer of the server, which is some seconds old, gives
 * only what a page does not have, the bounds of the clients. [G21]
 */
export function waitingNow({ run, round, clients }: Shown, answer: Waiting | undefined) {
  const open = isRoundOver(round) || run.status !== 'running' ? null : round;
  const known = answer?.run_id === run.run_id && open !== null && answer.round === open.round ? answer : undefined;
  const { pending } = accountOf(round);
  const numUnnamed = Math.min(pending, known?.num_unnamed ?? 0);
  const outstanding = known?.outstanding.filter(({ client_id }) => isAwaited(clients[client_id], round.round)) ?? [];
  const late = outstanding.filter(({ is_beyond_bound }) => is_beyond_bound);
  // Of a list that was cut, the late come first.
  const unlisted = Math.max(0, (known?.num_beyond_bound ?? 0) - numLate(known));
  return {
    ...waitingCause({
      runStatus: run.status,
      condition: run.condition ?? null,
      round: open,
      numNamed: open === null ? 0 : pending - numUnnamed,
      numUnnamed: open === null ? 0 : numUnnamed,
      isTransfer:
        outstanding.length > 0 && outstanding.every(({ client_id }) => clients[client_id]?.status === 'uploading'),
      late: known === undefined ? null : { total: Math.min(pending, late.length + unlisted), first: late },
    }),
    isAnswered: known !== undefined,
  };
}

const numLate = (answer: Waiting | undefined): number =>
  answer?.outstanding.filter(({ is_beyond_bound }) => is_beyond_bound).length ?? 0;

/** A client that the page does not have is as the server says. */
const isAwaited = (client: Client | undefined, round: number): boolean =>
  client === undefined || client.current_round !== round || client.round_outcome === 'pending';

/**
 * What closing the round on screen means, by the counts on screen. What the server computed for other counts is left out;
 * null where the answer is about another round.
 */
export function closingAt(
  { run, round, clients }: Shown,
  answer: Waiting | undefined,
  nowMs: number,
): ClosingNow | null {
  const isOf = answer?.run_id === run.run_id && answer.round === round.round && !isRoundOver(round);
  if (!isOf || answer.closing_now === null) return null;
  const closing = answer.closing_now;
  const counted = accountOf(round).complete;
  if (counted === closing.num_counted) return closing;
  const { expected_end } = answer;
  const left = expected_end.state === 'interval' ? Math.max(0, Date.parse(expected_end.likely) - nowMs) : null;
  const facts = {
    num_counted: counted,
    num_missing: Math.max(0, closing.num_counted + closing.num_missing - counted),
    time_saved_ms: left,
    examples_lost_share: null,
  };
  return {
    ...facts,
    missing: closing.missing.filter((id) => isAwaited(clients[id], round.round)),
    worst_tenth_of_all: null,
    worst_tenth_of_counted: null,
    differences: [],
    sentence: closingSentence(facts),
  };
}
