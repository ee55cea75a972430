import { createHash } from 'node:crypto';
import { type ClientId, type FactOf, isRoundOver, type ReporterId } from '@rondo/protocol';
import { joinClient, leaveClient, markSilent, notePresence, seeClient, tellStatus } from './client-facts.ts';
import { onOurClock } from './clock.ts';
import { answerCommand, askStop, expireCommand } from './command-facts.ts';
import { Draft } from './draft.ts';
import { metricNamesOf } from './metric-names-of.ts';
import { endRound, resolvePart, startRound, updateRound } from './round-facts.ts';
import { completeRun, editRun, endRun, endWithRun, startRun, wakeRun } from './run-facts.ts';
import { settle } from './settle.ts';
import type { Answer, Input, Reduction, RunState } from './state.ts';

/** The source of each input, and the clock of its time. */
export interface Origin {
  readonly reporter_id: ReporterId;
  /** The reporter's clock less the server's, as its batch was sent; null where the batch does not say. [T1] */
  readonly offset_ms: number | null;
  /** When its batch arrived, which may be stored in several transactions. */
  readonly receivedAt?: string;
}

/** How much of one run is kept. [B4] */
export interface Bounds {
  readonly clients?: number | undefined;
  /** Of the metrics that are logged. [B9] */
  readonly metricNames?: number | undefined;
}
type OriginOf = (index: number) => Origin | undefined;

/**
 * Decides what facts mean: the one place where they become state. Pure.
 *
 * Folding a stream in any pieces gives the same rows as folding it whole; a fact that was already folded changes
 * nothing [F2]; every round's account adds up after every fact [A1]. `receivedAt` is the server's clock, by which
 * clients are online and runs fare; all other order comes from the facts' own `at`. [F3]
 */
export function reduce(
  state: RunState,
  inputs: readonly Input[],
  receivedAt: string,
  originOf: OriginOf = () => undefined,
  bounds?: Bounds,
): Reduction {
  const draft = new Draft(state);
  const duplicates = new Set<number>();
  const refused = new Map<number, string>();
  let isReported = false;
  inputs.forEach((input, index) => {
    const origin = originOf(index);
    draft.reporter = origin?.reporter_id;
    if (origin !== undefined || input.type === 'reporter_heard') isReported = true;
    const refusal = bounds && overBound(draft, input, bounds);
    if (refusal) refused.set(index, refusal);
    else if (!apply(draft, onOurClock(draft, input, origin, origin?.receivedAt ?? receivedAt), index, receivedAt))
      duplicates.add(index);
  });
  settle(draft, isReported, receivedAt);
  return { ...draft.finish(duplicates), refused };
}

/** Why the input is not stored: the run would have more clients or metric names than it may. [B4] [B9] */
const overBound = (draft: Draft, input: Input, { clients, metricNames }: Bounds): string | undefined =>
  (clients === undefined ? undefined : overClients(draft, input, clients)) ??
  (metricNames === undefined ? undefined : overNames(draft, input, metricNames));

function overClients(draft: Draft, input: Input, clients: number): string | undefined {
  const known = draft.run.num_clients;
  const ids =
    'client_ids' in input ? (input.client_ids ?? []) : 'client_id' in input && input.client_id ? [input.client_id] : [];
  if (known + ids.length <= clients) return undefined;
  const added = new Set(ids.filter((id) => !draft.client(id))).size;
  if (added === 0 || known + added <= clients) return undefined;
  return `the run has ${known} clients and takes at most ${clients} (MAX_CLIENTS_PER_RUN)`;
}

function overNames(draft: Draft, input: Input, metricNames: number): string | undefined {
  const added = metricNamesOf(input).filter((name) => !draft.hasMetricName(name));
  const known = draft.numMetricNames;
  if (added.length === 0 || known + added.length <= metricNames) return undefined;
  return `the run has ${known} metric names and takes at most ${metricNames} (MAX_METRIC_NAMES_PER_RUN)`;
}

/** Returns true if the input changed anything. */
function apply(draft: Draft, input: Input, index: number, receivedAt: string): boolean {
  switch (input.type) {
    case 'run_started':
      return startRun(draft, input, receivedAt);
    case 'run_complete':
      return completeRun(draft, input);
    case 'round_started':
      return wakes(draft, input, () => startRound(draft, input, receivedAt));
    case 'round_update':
      return wakes(draft, input, () => updateRound(draft, input));
    case 'round_complete':
    case 'round_failed':
    case 'round_stopped':
      return endRound(draft, input);
    case 'client_joined':
      return joinClient(draft, input, receivedAt);
    case 'client_left':
      return leaveClient(draft, input, receivedAt);
    case 'client_heartbeat':
      return seeClient(draft, input, receivedAt, input.system ?? undefined);
    case 'client_presence':
      return notePresence(draft, input, receivedAt);
    case 'client_status':
      return tellStatus(draft, input, receivedAt);
    case 'client_result':
    case 'client_failed':
    case 'client_no_reply':
      return wakes(draft, input, () => resolvePart(draft, input, receivedAt));
    case 'metric':
      return addPoint(draft, input, index, receivedAt);
    case 'privacy_spent':
      return addPrivacy(draft, input, index, receivedAt);
    case 'log':
      return addLog(draft, input, index, receivedAt);
    case 'command_ack':
      return answer(draft, input);
    case 'client_silent':
      return markSilent(draft, input);
    case 'stop_requested':
      return askStop(draft, input);
    case 'command_expired':
      return expireCommand(draft, input);
    case 'run_edited':
      return editRun(draft, input);
    case 'run_ended':
      return endRun(draft, input);
    case 'reporter_heard':
    case 'condition_due':
      return false;
    case 'attention_changed':
      draft.attention = input.list;
      return true;
    case 'model_saved':
    case 'model_deleted':
    case 'alias_set':
    case 'alias_deleted':
    case 'alias_rolled_back':
      draft.models.push({ ...input, index });
      return true;
    default:
      input satisfies never;
      return false;
  }
}

/**
 * A new round or attempt reopens a run that was over, and so does what another reporter says than the one that ended it;
 * what is reported late of an older round corrects it and ends with the run. [L3] [L5]
 */
function wakes(draft: Draft, { at, round, type }: { at: string; round: number; type: string }, say: () => boolean) {
  const before = draft.round(round);
  const newest = draft.run.current_round ?? -1;
  const { ended_by } = draft.run;
  const isNews = say();
  if (!isNews) return false;
  const after = draft.round(round);
  const isStart = type === 'round_started' || type === 'round_update';
  const opens = after !== undefined && !isRoundOver(after);
  const isNew =
    before === undefined ? isStart || round > newest : isRoundOver(before) || after?.attempt !== before.attempt;
  const isOther = draft.reporter !== undefined && ended_by !== null && ended_by !== draft.reporter;
  if ((opens && isNew) || isOther) wakeRun(draft, at);
  endWithRun(draft, round);
  return true;
}

/** A round that was stopped is over, whether or not its FL server says so again; a run may have its goodbyes to say. [C7] */
function answer(draft: Draft, input: Answer): boolean {
  const command = answerCommand(draft, input);
  if (command && command.round !== null && input.state === 'applied') {
    const { run_id, round, reason } = command;
    endRound(draft, { type: 'round_stopped', run_id, at: input.at, round, reason });
  }
  return command !== null;
}

interface Point {
  readonly name: string;
  readonly step: number;
  readonly round: number | null;
  readonly value: FactOf<'metric'>['value'];
}

function pushPoint(
  draft: Draft,
  fact: { at: string; client_id?: ClientId | null | undefined },
  point: Point,
  index: number,
) {
  draft.noteMetricName(point.name);
  draft.points.push({ run_id: draft.run.run_id, client_id: fact.client_id ?? '', at: fact.at, ...point, index });
}

function addPoint(draft: Draft, fact: FactOf<'metric'>, index: number, receivedAt: string): true {
  // The schema refuses a metric with neither.
  const step = fact.step ?? (fact.round as number);
  pushPoint(draft, fact, { name: fact.name, step, round: fact.round ?? null, value: fact.value }, index);
  if (fact.client_id) seeClient(draft, { client_id: fact.client_id, at: fact.at }, receivedAt);
  return true;
}

/** Privacy spending is two series; without a round, a point's step is its moment. [F6] */
function addPrivacy(draft: Draft, fact: FactOf<'privacy_spent'>, index: number, receivedAt: string): true {
  const round = fact.round ?? null;
  const step = round ?? Date.parse(fact.at);
  pushPoint(draft, fact, { name: 'privacy_epsilon', step, round, value: fact.epsilon }, index);
  pushPoint(draft, fact, { name: 'privacy_delta', step, round, value: fact.delta }, index);
  if (fact.client_id) seeClient(draft, { client_id: fact.client_id, at: fact.at }, receivedAt);
  return true;
}

function addLog(draft: Draft, fact: FactOf<'log'>, index: number, receivedAt: string): true {
  const { at, level, message } = fact;
  const client_id = fact.client_id ?? '';
  const digest = createHash('sha256')
    .update(JSON.stringify([level, client_id, message]))
    .digest('base64url')
    .slice(0, 22);
  draft.logs.push({ run_id: draft.run.run_id, client_id, level, message, at, digest, index });
  if (fact.client_id) seeClient(draft, { client_id: fact.client_id, at }, receivedAt);
  return true;
}
