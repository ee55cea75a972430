import { type ClientId, type FactOf, isRoundOver, limits, type RoundAttempt, type RoundStatus } from '@rondo/protocol';
import { countUnnamed, hasCounts, moveOutcome, outweighs, recount } from './account.ts';
import { alive, clientOr, supersedes as supersedesClient } from './client-facts.ts';
import { concludeStop, isOpen } from './command-facts.ts';
import type { Draft } from './draft.ts';
import type { ClientRow, RoundRow, UpdateRow } from './state.ts';

/** The known round, or a new one. [F4] */
function roundOr(draft: Draft, round: number, at: string): RoundRow {
  const known = draft.round(round);
  if (known) return known;
  if (draft.run.current_round === null || round > draft.run.current_round) draft.setRun({ current_round: round });
  return {
    round_id: 0, // the database gives it
    run_id: draft.run.run_id,
    round,
    stop: null,
    stop_requested_at: null,
    stop_reason: null,
    announced_at: null,
    parts_after: null,
    ends: [],
    earlier: [],
    created_seq: 0,
    updated_seq: 0,
    ...newAttempt(1, at),
  };
}

const newAttempt = (attempt: number, at: string) =>
  ({
    attempt,
    status: 'collecting',
    status_at: at,
    parts_until: null,
    num_clients_expected: 0,
    num_clients_completed: 0,
    num_clients_failed: 0,
    num_clients_no_reply: 0,
    num_clients_unreported: 0,
    num_named: 0,
    num_named_completed: 0,
    num_named_failed: 0,
    num_named_no_reply: 0,
    counted_completed: 0,
    counted_failed: 0,
    counted_no_reply: 0,
    progress_percent: 0,
    started_at: at,
    completed_at: null,
    deadline: null,
    global_loss: null,
    global_accuracy: null,
    metrics: {},
    model_version: null,
    update_norm: null,
    cosine_to_previous: null,
    reason: null,
  }) satisfies Partial<RoundRow>;

const rank: Record<RoundStatus, number> = {
  waiting: 0,
  collecting: 1,
  aggregating: 2,
  complete: 3,
  failed: 3,
  stopped: 3,
};

/** Later wins, and between equals what follows: a repeated or overtaken fact cannot turn a round back. [F3] */
const supersedes = (at: string, status: RoundStatus, round: RoundRow): boolean =>
  at > round.status_at || (at === round.status_at && rank[status] > rank[round.status]);

export function startRound(draft: Draft, fact: FactOf<'round_started'>, receivedAt: string): boolean {
  const known = draft.round(fact.round);
  // A later start has replaced this one. [L8]
  if (known?.announced_at != null && fact.at < known.announced_at) return false;
  const isAgain = known !== undefined && startsAgain(known, fact.at);
  let round = isAgain ? beginAgain(draft, known, fact.at) : roundOr(draft, fact.round, fact.at);
  const isNewer = isAgain || (known !== undefined && supersedes(fact.at, 'collecting', known));
  if (isNewer) round = { ...round, status: 'collecting', status_at: fact.at, completed_at: null, reason: null };
  const ids = new Set(fact.client_ids ?? []);
  const declared = fact.num_clients_expected ?? ids.size;
  const before = round;
  round = {
    ...round,
    announced_at: fact.at,
    num_clients_expected: Math.max(round.num_clients_expected, declared, ids.size),
    started_at: fact.at < round.started_at && round.attempt === 1 ? fact.at : round.started_at,
    deadline: (isNewer ? fact.deadline : null) ?? round.deadline ?? fact.deadline ?? null,
  };
  // The parts are those of the round as it is from here on.
  if (isAgain) draft.setRound(round);
  // A selection that was overtaken by the round's end has had its time. [A2]
  const outcome = isRoundOver(round) ? ('no_reply' as const) : ('pending' as const);
  let selected = 0;
  for (const client_id of ids) {
    if (draft.part(fact.round, client_id)) continue;
    selected += 1;
    const isKnown = draft.update(fact.round, client_id) !== undefined;
    draft.setUpdate({ ...emptyUpdate(draft, round, client_id), outcome });
    select(draft, fact, client_id, { outcome, isKnown }, receivedAt);
  }
  round = recount({
    ...round,
    num_named: round.num_named + selected,
    num_named_no_reply: round.num_named_no_reply + (outcome === 'no_reply' ? selected : 0),
  });
  const isNews = !known || isNewer || selected > 0 || !sameSelection(before, round);
  if (isNews) {
    draft.setRound(round);
    draft.setQuiet({ waiting: null });
  }
  return isNews;
}

/** A later start of a round that already has parts, or is over, is another attempt. [L8] */
const startsAgain = (round: RoundRow, at: string): boolean =>
  at > (round.announced_at ?? round.started_at) && (round.num_named > 0 || isRoundOver(round));

// What remains of earlier attempts and of reported ends.
const maxEarlier = 20;
const maxEnds = 32;

/** A new account; of the earlier attempt its totals are kept, and its parts stay marked as its own. [L8] */
function beginAgain(draft: Draft, before: RoundRow, at: string): RoundRow {
  let parts_after = before.status_at > at ? before.status_at : at;
  // Never back: of two attempts after one part, the second does not know that part's moment.
  for (const moment of [before.parts_until, before.parts_after]) {
    if (moment !== null && moment > parts_after) parts_after = moment;
  }
  for (const part of draft.partsOf(before.round)) {
    if (part.submitted_at !== null && part.submitted_at > parts_after) parts_after = part.submitted_at;
    const client = draft.client(part.client_id);
    if (client?.current_round === before.round) draft.setClient({ ...client, round_outcome: null, progress: null });
  }
  const stop = isOpen(before.stop) ? {} : { stop: null, stop_requested_at: null, stop_reason: null };
  const earlier = [...before.earlier, summaryOf(before)].slice(-maxEarlier);
  return { ...before, ...newAttempt(before.attempt + 1, at), ...stop, parts_after, earlier };
}

const summaryOf = (round: RoundRow): RoundAttempt => ({
  attempt: round.attempt,
  status: round.status,
  started_at: round.started_at,
  completed_at: round.completed_at,
  num_clients_expected: round.num_clients_expected,
  num_clients_completed: round.num_clients_completed,
  num_clients_failed: round.num_clients_failed,
  num_clients_no_reply: round.num_clients_no_reply,
  num_clients_unreported: round.num_clients_unreported,
  global_loss: round.global_loss,
  global_accuracy: round.global_accuracy,
  reason: round.reason,
});

const sameSelection = (a: RoundRow, b: RoundRow): boolean =>
  a.announced_at === b.announced_at &&
  a.num_clients_expected === b.num_clients_expected &&
  a.deadline === b.deadline &&
  a.started_at === b.started_at;

/** Being chosen is a sign of life: the FL server has just reached it. */
function select(
  draft: Draft,
  { round, at }: FactOf<'round_started'>,
  client_id: ClientId,
  { outcome, isKnown }: { outcome: 'pending' | 'no_reply'; isKnown: boolean },
  receivedAt: string,
): void {
  const known = clientOr(draft, { client_id, at }, receivedAt);
  const client = isKnown ? known : withPart(known, round);
  const seen = alive(client, at, receivedAt);
  if (client.current_round !== null && client.current_round > round) return void draft.setClient(seen);
  const moves = outcome === 'pending' && supersedesClient(at, 'training', round, client);
  draft.setClient({
    ...seen,
    current_round: round,
    round_outcome: outcome,
    progress: client.current_round === round ? client.progress : null,
    ...(moves && { status: 'training', status_at: at, is_online: true }),
  });
}

export function updateRound(draft: Draft, fact: FactOf<'round_update'>): boolean {
  const known = draft.round(fact.round);
  const round = roundOr(draft, fact.round, fact.at);
  if (round.parts_after !== null && fact.at <= round.parts_after) return false;
  if (known && !supersedes(fact.at, fact.status, round)) return false;
  const reopened = isRoundOver(round) && { counted_completed: 0, counted_failed: 0, counted_no_reply: 0 };
  const open = { status: fact.status, status_at: fact.at, completed_at: null, reason: null };
  draft.setRound(recount({ ...round, ...reopened, ...open }));
  return true;
}

type RoundEnd = FactOf<'round_complete'> | FactOf<'round_failed'> | FactOf<'round_stopped'>;
const endStatus = { round_complete: 'complete', round_failed: 'failed', round_stopped: 'stopped' } as const;

/** An end ends the attempt that it follows, whatever its moment says; one that was reported before says nothing. [L2] */
export function endRound(draft: Draft, fact: RoundEnd): boolean {
  const round = roundOr(draft, fact.round, fact.at);
  const status = endStatus[fact.type];
  if (hasEnded(round.ends, status, fact.at)) return false;
  const isOvertaken = isRoundOver(round) && !supersedes(fact.at, status, round);
  const noted = { ...round, ends: [...round.ends, [status, fact.at] as const].slice(-maxEnds) };
  if (isOvertaken) return fillFigures(draft, fact, noted);
  closeRound(draft, fact, noted);
  return true;
}

export const hasEnded = (ends: RoundRow['ends'], status: RoundRow['status'], at: string): boolean =>
  ends.some(([was, then]) => was === status && then === at);

/** Ends the round without asking. */
export function closeRound(draft: Draft, fact: RoundEnd, round: RoundRow): void {
  const status = endStatus[fact.type];
  let ended: RoundRow = {
    ...round,
    ...figures(fact, round),
    status,
    status_at: fact.at > round.status_at ? fact.at : round.status_at,
    completed_at: fact.at > round.started_at ? fact.at : round.started_at,
    reason: fact.type === 'round_complete' ? null : fact.reason,
  };
  const isCounted = fact.type === 'round_complete' && hasCounts(fact);
  if (isCounted) ended = countUnnamed(ended, fact);
  // A client that has not answered by now has not replied; an answer that still comes counts. [A2] [A3]
  const outcome = isCounted ? 'unreported' : 'no_reply';
  for (const part of draft.pendingOf(fact.round)) {
    draft.setUpdate({ ...part, outcome });
    ended = moveOutcome(ended, 'pending', outcome);
    showOutcome(draft, fact.round, part.client_id, outcome);
  }
  draft.setRound(recount(ended));
  concludeStop(draft, round.stop, status, fact.at);
}

/** The figures of a round_complete that was overtaken still belong to the round, where nothing newer is known. */
function fillFigures(draft: Draft, fact: RoundEnd, round: RoundRow): boolean {
  // Set in any case: that this end was reported is remembered.
  draft.setRound(round);
  if (fact.type !== 'round_complete') return false;
  const filled: RoundRow = {
    ...round,
    global_loss: round.global_loss ?? fact.global_loss ?? null,
    global_accuracy: round.global_accuracy ?? fact.global_accuracy ?? null,
    metrics: withinBound({ ...fact.metrics, ...round.metrics }, round.metrics),
    model_version: round.model_version ?? fact.model_version ?? null,
    update_norm: round.update_norm ?? fact.update_norm ?? null,
    cosine_to_previous: round.cosine_to_previous ?? fact.cosine_to_previous ?? null,
  };
  const isNews =
    filled.global_loss !== round.global_loss ||
    filled.global_accuracy !== round.global_accuracy ||
    filled.model_version !== round.model_version ||
    filled.update_norm !== round.update_norm ||
    filled.cosine_to_previous !== round.cosine_to_previous ||
    Object.keys(filled.metrics).length > Object.keys(round.metrics).length;
  draft.setRound(filled);
  return isNews;
}

function figures(fact: RoundEnd, round: RoundRow): Partial<RoundRow> {
  if (fact.type !== 'round_complete') return {};
  return {
    global_loss: fact.global_loss ?? round.global_loss,
    global_accuracy: fact.global_accuracy ?? round.global_accuracy,
    metrics: withinBound({ ...round.metrics, ...fact.metrics }, fact.metrics),
    model_version: fact.model_version ?? round.model_version,
    update_norm: fact.update_norm ?? round.update_norm,
    cosine_to_previous: fact.cosine_to_previous ?? round.cosine_to_previous,
  };
}

/** Two ends that each keep the bound may break it together; then the newer speaks alone. */
const withinBound = (merged: RoundRow['metrics'], newer: RoundRow['metrics']): RoundRow['metrics'] =>
  Object.keys(merged).length <= limits.entries ? merged : newer;

type PartEnd = FactOf<'client_result'> | FactOf<'client_failed'> | FactOf<'client_no_reply'>;
const partOutcome = { client_result: 'complete', client_failed: 'failed', client_no_reply: 'no_reply' } as const;

/** A client's outcome in the round: the most informative reply stays, and the latest result. [A3] [F8] */
export function resolvePart(draft: Draft, fact: PartEnd, receivedAt: string): boolean {
  const outcome = partOutcome[fact.type];
  const round = roundOr(draft, fact.round, fact.at);
  // It is of an attempt that a later one has replaced. [L8]
  if (round.parts_after !== null && fact.at <= round.parts_after) return false;
  const before = draft.part(fact.round, fact.client_id);
  const isReplacing = replaces(fact, before);
  // A report that is repeated after another attempt has begun is known by its moment. [F2] [L8]
  const isLatest = round.parts_until === null || fact.at > round.parts_until;
  const noted = isLatest ? { ...round, parts_until: fact.at } : round;
  if (!isReplacing && !outweighs(outcome, before?.outcome ?? null)) {
    if (isLatest) draft.setRound(noted);
    return false;
  }
  if (isReplacing) draft.noteReplaced();
  const isKnown = draft.update(fact.round, fact.client_id) !== undefined;
  const part = before ?? emptyUpdate(draft, round, fact.client_id);
  draft.setUpdate({ ...part, ...partDetails(fact), outcome, submitted_at: fact.at });
  draft.setRound(isReplacing ? noted : moveOutcome(noted, before?.outcome ?? null, outcome));
  const known = clientOr(draft, fact, receivedAt);
  const client = isKnown ? known : withPart(known, fact.round);
  draft.setClient(outcome === 'no_reply' ? client : alive(client, fact.at, receivedAt));
  showOutcome(draft, fact.round, fact.client_id, outcome, fact);
  return true;
}

/** True for a result that was measured again, later than the stored one. [F8] */
const replaces = (fact: PartEnd, before: UpdateRow | undefined): boolean =>
  fact.type === 'client_result' &&
  before?.outcome === 'complete' &&
  before.submitted_at !== null &&
  fact.at > before.submitted_at;

function partDetails(fact: PartEnd): Partial<UpdateRow> {
  switch (fact.type) {
    case 'client_result':
      return {
        sample_count: fact.sample_count,
        train_loss: fact.train_loss ?? null,
        metrics: fact.metrics,
        duration_ms: fact.duration_ms ?? null,
        bytes_up: fact.bytes_up ?? null,
        bytes_down: fact.bytes_down ?? null,
        update_norm: fact.update_norm ?? null,
        cosine_to_mean: fact.cosine_to_mean ?? null,
        cosine_to_previous: fact.cosine_to_previous ?? null,
        error: null,
      };
    case 'client_failed':
      return { error: fact.reason };
    case 'client_no_reply':
      return { duration_ms: fact.waited_ms ?? null };
    default:
      return fact satisfies never;
  }
}

/** Shows the outcome on the client itself, unless it has moved on to a later round. */
function showOutcome(draft: Draft, round: number, id: ClientId, outcome: UpdateRow['outcome'], fact?: PartEnd): void {
  const client = draft.client(id);
  if (!client || (client.current_round !== null && client.current_round > round)) return;
  const status: ClientRow['status'] = outcome === 'complete' ? 'idle' : outcome === 'failed' ? 'failed' : client.status;
  // no_reply does not change the client's own status.
  const moves = fact !== undefined && outcome !== 'no_reply' && client.is_online && fact.at >= client.status_at;
  draft.setClient({
    ...client,
    current_round: round,
    round_outcome: outcome,
    progress: outcome === 'complete' ? 1 : client.current_round === round ? client.progress : null,
    train_loss: (fact?.type === 'client_result' ? fact.train_loss : null) ?? client.train_loss,
    last_sample_count: (fact?.type === 'client_result' && fact.sample_count) || client.last_sample_count,
    ...(moves && { status, status_at: fact.at }),
  });
}

/** A part about which nothing is known yet; one of an earlier attempt keeps its place in the client's chain. */
function emptyUpdate(draft: Draft, { round, attempt }: RoundRow, client_id: ClientId): UpdateRow {
  const earlier = draft.update(round, client_id);
  return {
    run_id: draft.run.run_id,
    round,
    client_id,
    attempt,
    outcome: 'pending',
    sample_count: null,
    train_loss: null,
    metrics: {},
    duration_ms: null,
    bytes_up: null,
    bytes_down: null,
    update_norm: null,
    cosine_to_mean: null,
    cosine_to_previous: null,
    error: null,
    submitted_at: null,
    previous_part: earlier ? earlier.previous_part : (draft.client(client_id)?.last_part ?? null),
  };
}

/** The client with a new part at the head of its chain. */
const withPart = (client: ClientRow, round: number): ClientRow => ({
  ...client,
  num_parts: client.num_parts + 1,
  last_part: round,
});
