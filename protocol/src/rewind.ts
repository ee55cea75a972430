import type { Client, ClientUpdate, HistoryPoint, Outcome, Round, RoundAttempt, Run, Stop } from './entities.ts';
import type { AttentionItem, AttentionNews } from './http/attention.ts';
import { type Matrix, outcomeCodes } from './http/matrix-codec.ts';
import type { AttentionEpisode, Timeline } from './http/timeline.ts';
import { limits } from './limits.ts';
import { isRoundOver, medianRoundMs } from './selectors.ts';
import type { ViewerState } from './viewer-state.ts';

/** What is stored of a run, as far as a past moment needs it. [G19] */
export interface Past {
  /** By number, oldest first. */
  readonly rounds: readonly Round[];
  readonly joinedAt: ReadonlyMap<string, number>;
  readonly attempts: ReadonlyMap<number, readonly RoundAttempt[]>;
  readonly episodes: readonly AttentionEpisode[];
  /** Null where the run has no named clients, or where it is not known yet. */
  readonly outcomes: Matrix | null;
}

interface StoredParts {
  readonly rounds: readonly Round[];
  readonly timeline: Timeline;
  readonly outcomes: Matrix | null;
}

/** Puts stored parts in the form in which many moments can be read from them. */
export function preparePast({ rounds, timeline, outcomes }: StoredParts): Past {
  const attempts = new Map<number, RoundAttempt[]>();
  for (const { round, ...attempt } of timeline.attempts) attempts.set(round, [...(attempts.get(round) ?? []), attempt]);
  const { client_id, joined_at } = timeline.clients;
  const joined = client_id.flatMap((id, at): [string, number][] => {
    const moment = joined_at[at] ?? null;
    return moment === null ? [] : [[id, Date.parse(moment)]];
  });
  return {
    rounds: [...rounds].sort((a, b) => a.round - b.round),
    joinedAt: new Map(joined),
    attempts,
    episodes: timeline.episodes,
    outcomes,
  };
}

/** The span of moments that can be shown; a run that runs ends now. */
export function spanOf(run: Run, nowMs: number): { readonly from: number; readonly to: number } {
  const from = Date.parse(run.started_at);
  return { from, to: Math.max(from, run.completed_at === null ? nowMs : Date.parse(run.completed_at)) };
}

/** The newest rounds whose parts are read. Older ones that were never closed keep the counts they have. */
const mostOpen = 8;

/** Rounds that were open at the moment, oldest first: their parts are needed to count them. */
export function openRoundsAt(past: Past, atMs: number): number[] {
  const open = past.rounds.filter((round) => {
    const shown = attemptAt(round, past, atMs);
    return shown !== null && !isPast(shown.completed_at, atMs);
  });
  return open.slice(-mostOpen).map(({ round }) => round);
}

/** The newest round that had started by the moment. */
export const roundAt = (past: Past, atMs: number): number | null =>
  past.rounds.findLast((round) => attemptAt(round, past, atMs) !== null)?.round ?? null;

/**
 * A viewer's state as it was at a moment, from the present one and what is stored. `updates` are the parts of the round
 * that was current then and of the others that were open. Pure; nothing in it is later than the moment. [G19]
 */
export function rewind(
  present: ViewerState,
  past: Past,
  updates: ReadonlyMap<number, readonly ClientUpdate[]>,
  atMs: number,
): ViewerState {
  const { run } = present;
  if (run === null || (run.completed_at !== null && Date.parse(run.completed_at) <= atMs)) return present;
  const rounds = roundsAt(past, updates, atMs);
  const clients = rewindClients(present.clients, past, rounds.at(-1), updates, atMs);
  const isOver = new Map(rounds.map((round) => [round.round, isRoundOver(round)]));
  return {
    ...present,
    run: rewindRun(run, rounds, Object.keys(clients).length, atMs),
    rounds: keyed(rounds.slice(-limits.snapshotRounds), ({ round }) => round),
    clients,
    models: keyed(
      Object.values(present.models)
        .filter(({ created_at }) => Date.parse(created_at) <= atMs)
        .map((model) => {
          const isRoundKnown = model.round === null || isOver.get(model.round) === true;
          return { ...model, metrics: isRoundKnown ? model.metrics : {}, aliases: [] };
        }),
      ({ version }) => version,
    ),
    metrics: keyed(
      Object.values(present.metrics).filter(({ at }) => Date.parse(at) <= atMs),
      ({ name }) => name,
    ),
    metrics_history: rounds.flatMap(historyOf).slice(-limits.historyPoints),
    logs: present.logs.filter(({ at }) => Date.parse(at) <= atMs),
    attention: attentionAt(past.episodes, present.run_id, rounds),
  };
}

/** Every round that had started by the moment, oldest first; a viewer's state has only the newest. */
export const roundsAt = (
  past: Past,
  updates: ReadonlyMap<number, readonly ClientUpdate[]>,
  atMs: number,
): readonly Round[] => past.rounds.flatMap((round) => rewindRound(round, past, updates.get(round.round), atMs) ?? []);

/** A client's part in a round, without what was not known yet. `roundEnd` is the round's end as it was known then. */
export function partAt(part: ClientUpdate, roundEnd: string | null, atMs: number): ClientUpdate {
  const outcome = outcomeAt(part, roundEnd, atMs);
  if (isPast(part.submitted_at, atMs) || (part.submitted_at === null && outcome === part.outcome)) return part;
  const nothing = { train_loss: null, duration_ms: null, bytes_up: null, bytes_down: null, update_norm: null };
  const cosines = { cosine_to_mean: null, cosine_to_previous: null };
  return { ...part, ...nothing, ...cosines, outcome, metrics: {}, sample_count: null, error: null, submitted_at: null };
}

const isPast = (moment: string | null, atMs: number): boolean => moment !== null && Date.parse(moment) <= atMs;

type Attempt = Pick<RoundAttempt, 'attempt' | 'started_at' | 'completed_at'>;

/** The newest attempt of a round that had started by the moment. */
function attemptAt(round: Round, { attempts }: Pick<Past, 'attempts'>, atMs: number): Attempt | null {
  if (isPast(round.started_at, atMs)) return round;
  return attempts.get(round.round)?.findLast(({ started_at }) => isPast(started_at, atMs)) ?? null;
}

function rewindRound(round: Round, past: Past, parts: readonly ClientUpdate[] | undefined, atMs: number): Round | null {
  const attempt = attemptAt(round, past, atMs);
  if (attempt === null) return null;
  const shown = attempt === round ? { ...round, ...stopAt(round, atMs) } : asEarlier(round, attempt as RoundAttempt);
  if (parts === undefined && shown.completed_at === null) return shown;
  const own = (parts ?? []).filter((part) => part.attempt === shown.attempt);
  if (isPast(shown.completed_at, atMs)) return correctCounts(shown, own, atMs);
  return openRound(shown, own, atMs);
}

function asEarlier(round: Round, attempt: RoundAttempt): Round {
  const { global_loss, global_accuracy } = attempt;
  const empty = { metrics: {}, model_version: null, update_norm: null, cosine_to_previous: null, deadline: null };
  return {
    ...round,
    ...empty,
    ...attempt,
    global_loss,
    global_accuracy,
    progress_percent: 100,
    stop: null,
    stop_requested_at: null,
    stop_reason: null,
  };
}

function openRound(round: Round, parts: readonly ClientUpdate[], atMs: number): Round {
  const counts = { complete: 0, failed: 0, no_reply: 0 };
  for (const part of parts) {
    const outcome = outcomeAt(part, null, atMs);
    if (outcome === 'complete' || outcome === 'failed' || outcome === 'no_reply') counts[outcome]++;
  }
  const expected = round.num_clients_expected;
  const settled = counts.complete + counts.failed + counts.no_reply;
  return {
    ...round,
    status: expected > 0 && settled === expected ? 'aggregating' : 'collecting',
    num_clients_completed: counts.complete,
    num_clients_failed: counts.failed,
    num_clients_no_reply: counts.no_reply,
    num_clients_unreported: 0,
    progress_percent: expected === 0 ? 0 : (100 * settled) / expected,
    completed_at: null,
    global_loss: null,
    global_accuracy: null,
    metrics: {},
    model_version: null,
    update_norm: null,
    cosine_to_previous: null,
    reason: null,
  };
}

const countOf = {
  complete: 'num_clients_completed',
  failed: 'num_clients_failed',
  no_reply: 'num_clients_no_reply',
  unreported: 'num_clients_unreported',
} as const;

/** Results that arrived after the round's end and after the moment had not been counted. */
function correctCounts(round: Round, parts: readonly ClientUpdate[], atMs: number): Round {
  const late = parts.filter(({ outcome, submitted_at }) => outcome !== 'pending' && isLater(submitted_at, atMs));
  if (late.length === 0) return round;
  const counts = { ...round };
  for (const { outcome } of late) {
    if (outcome === 'pending' || outcome === 'no_reply') continue;
    counts[countOf[outcome]]--;
    counts.num_clients_no_reply++;
  }
  return counts;
}

const isLater = (moment: string | null, atMs: number): boolean => moment !== null && Date.parse(moment) > atMs;

/** What was known of a part. A part of a round that is over is never open. */
function outcomeAt({ outcome, submitted_at }: ClientUpdate, roundEnd: string | null, atMs: number): Outcome {
  const isOver = isPast(roundEnd, atMs);
  if (isPast(submitted_at, atMs)) return outcome;
  if (submitted_at === null) return isOver ? outcome : 'pending';
  return isOver ? 'no_reply' : 'pending';
}

/** A request to stop, as far as it had come. */
function stopAt(
  { stop, stop_requested_at, stop_reason }: Pick<Round, 'stop' | 'stop_requested_at' | 'stop_reason'>,
  atMs: number,
): Pick<Round, 'stop' | 'stop_requested_at' | 'stop_reason'> {
  const isKnown = isPast(stop_requested_at, atMs);
  return {
    stop: stopStateAt(stop, atMs),
    stop_requested_at: isKnown ? stop_requested_at : null,
    stop_reason: isKnown ? stop_reason : null,
  };
}

function stopStateAt(stop: Stop | null, atMs: number): Stop | null {
  if (stop === null || isLater(stop.requested_at, atMs)) return null;
  if (!isLater(stop.ended_at, atMs) && !isLater(stop.delivered_at, atMs)) return stop;
  const delivered_at = isLater(stop.delivered_at, atMs) ? null : stop.delivered_at;
  const state = delivered_at === null ? 'requested' : 'delivered';
  return { ...stop, delivered_at, ended_at: null, state, detail: null };
}

/** A reply to a stop that the moment precedes. A multiple of the median round time makes a round overdue. [L7] */
const overdueMedians = 3;

function rewindRun(run: Run, rounds: readonly Round[], numClients: number, atMs: number): Run {
  const current = rounds.at(-1);
  return {
    ...run,
    status: 'running',
    reason: null,
    completed_at: null,
    current_round: current?.round ?? null,
    num_clients: numClients,
    stop: stopStateAt(run.stop, atMs),
    last_reported_at: null,
    condition: conditionAt(rounds, atMs),
  };
}

function conditionAt(rounds: readonly Round[], atMs: number): Run['condition'] {
  const current = rounds.at(-1);
  if (current === undefined || isRoundOver(current)) return null;
  const median = medianRoundMs([...rounds].reverse());
  const byMedian = median === null ? null : Date.parse(current.started_at) + overdueMedians * median;
  const due = current.deadline === null ? byMedian : Date.parse(current.deadline);
  if (due === null || atMs <= due) return null;
  const detail = `round ${current.round} was past ${current.deadline === null ? `${overdueMedians}× the median round` : 'its deadline'}`;
  return { state: 'overdue', since: new Date(due).toISOString(), detail };
}

function historyOf(round: Round): HistoryPoint[] {
  const { global_loss: loss, global_accuracy: accuracy } = round;
  return isRoundOver(round) && (loss !== null || accuracy !== null) ? [{ round: round.round, loss, accuracy }] : [];
}

function rewindClients(
  present: ViewerState['clients'],
  past: Past,
  current: Round | undefined,
  updates: ReadonlyMap<number, readonly ClientUpdate[]>,
  atMs: number,
): ViewerState['clients'] {
  const parts = new Map<string, ClientUpdate>();
  if (current !== undefined) {
    for (const part of updates.get(current.round) ?? [])
      if (part.attempt === current.attempt) parts.set(part.client_id, part);
  }
  const before = lastOutcomes(past.outcomes, current?.round ?? Number.NEGATIVE_INFINITY);
  const startOf = new Map(past.rounds.map(({ round, started_at }) => [round, started_at]));
  const clients: Record<string, Client> = Object.create(null);
  for (const client of Object.values(present)) {
    const id = client.client_id;
    const part = parts.get(id);
    const joined = past.joinedAt.get(id);
    const earlier = before.get(id);
    const isJoined = joined !== undefined && joined <= atMs;
    if (part !== undefined && current !== undefined) clients[id] = inRound(client, part, current, atMs);
    else if (earlier !== undefined) {
      const since = startOf.get(earlier.round) ?? client.last_heartbeat;
      clients[id] = atRest(client, earlier.round, earlier.outcome, earliest(since, atMs));
    } else if (isJoined) clients[id] = atRest(client, null, null, new Date(joined).toISOString());
  }
  return clients;
}

const earliest = (moment: string, atMs: number): string =>
  Date.parse(moment) <= atMs ? moment : new Date(atMs).toISOString();

/** Presence, progress and load have no history. */
const unknown = { is_online: true, progress: null, system: null } as const;

function inRound(client: Client, part: ClientUpdate, { round, started_at, completed_at }: Round, atMs: number): Client {
  const outcome = outcomeAt(part, completed_at, atMs);
  const isKnown = outcome !== 'pending' && isPast(part.submitted_at, atMs);
  return {
    ...client,
    ...unknown,
    status: outcome === 'pending' ? 'training' : outcome === 'failed' ? 'failed' : 'idle',
    current_round: round,
    round_outcome: outcome,
    train_loss: isKnown ? part.train_loss : null,
    last_heartbeat: isKnown && part.submitted_at !== null ? part.submitted_at : started_at,
  };
}

const atRest = (client: Client, round: number | null, outcome: Outcome | null, since: string): Client => ({
  ...client,
  ...unknown,
  status: outcome === 'failed' ? 'failed' : 'idle',
  current_round: round,
  round_outcome: outcome,
  train_loss: null,
  last_heartbeat: since,
});

const outcomeOfCode = new Map<number, Outcome>(
  Object.entries(outcomeCodes).map(([outcome, code]) => [code, outcome as Outcome]),
);

interface LastOutcome {
  readonly round: number;
  readonly outcome: Outcome;
}

/** The last part of each client in a round before this one. */
function lastOutcomes(outcomes: Matrix | null, before: number): ReadonlyMap<string, LastOutcome> {
  const found = new Map<string, LastOutcome>();
  if (outcomes === null) return found;
  const { rounds, client_ids, cells } = outcomes;
  for (let column = rounds.length - 1; column >= 0 && found.size < client_ids.length; column--) {
    const round = rounds[column] as number;
    if (round >= before) continue;
    for (let row = 0; row < client_ids.length; row++) {
      const outcome = outcomeOfCode.get(cells[column * client_ids.length + row] as number);
      const id = client_ids[row] as string;
      if (outcome !== undefined && !found.has(id)) found.set(id, { round, outcome });
    }
  }
  return found;
}

/** So many clients with one finding are one item, as in the present list. [G4] */
const leastGrouped = 4;

/** The attention list as it was when the newest of these rounds that is over had ended. */
function attentionAt(
  episodes: readonly AttentionEpisode[],
  run_id: ViewerState['run_id'],
  rounds: readonly Round[],
): AttentionNews | null {
  const last = rounds.findLast(isRoundOver)?.round;
  if (run_id === null) return null;
  const listed = last === undefined ? [] : episodes.flatMap((episode) => itemAt(episode, last) ?? []);
  const items = groupInfo(listed).sort((a, b) => ranks[a.severity] - ranks[b.severity]);
  return {
    run_id: run_id as AttentionNews['run_id'],
    items: items.slice(0, limits.attentionItems),
    total: items.length,
  };
}

const ranks = { critical: 0, warning: 1, info: 2 } as const;

function itemAt(
  { rule, client_id, since_round, steps, to_round }: AttentionEpisode,
  round: number,
): AttentionItem | null {
  if (to_round !== null && to_round <= round) return null;
  const step = steps.findLast((each) => each.round <= round);
  if (step === undefined) return null;
  return {
    rule,
    severity: step.severity,
    ...(client_id !== null && { client_id }),
    round: step.round,
    ...(since_round !== null && { since_round }),
    detail: step.detail,
    evidence: {},
  };
}

function groupInfo(items: readonly AttentionItem[]): AttentionItem[] {
  const byRule = new Map<string, AttentionItem[]>();
  for (const item of items) {
    if (item.severity !== 'info' || item.client_id === undefined) continue;
    byRule.set(item.rule, [...(byRule.get(item.rule) ?? []), item]);
  }
  const isAlone = ({ severity, rule }: AttentionItem) =>
    severity !== 'info' || (byRule.get(rule)?.length ?? 0) < leastGrouped;
  const groups = [...byRule.values()].filter((of) => of.length >= leastGrouped);
  return [...items.filter(isAlone), ...groups.map(together)];
}

function together(of: readonly AttentionItem[]): AttentionItem {
  const first = of[0] as AttentionItem;
  const ids = of.flatMap(({ client_id }) => client_id ?? []);
  const { client_id, ...shared } = first;
  return {
    ...shared,
    client_ids: ids.slice(0, limits.attentionItems),
    detail: `${of.length} clients, the first ${client_id}: ${first.detail}`,
  };
}

function keyed<T>(items: readonly T[], keyOf: (item: T) => string | number): Record<string | number, T> {
  const record: Record<string | number, T> = Object.create(null);
  for (const item of items) record[keyOf(item)] = item;
  return record;
}
