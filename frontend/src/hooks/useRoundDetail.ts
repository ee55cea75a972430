import { type Client, type ClientUpdate, isRoundOver, type Round, type RoundDetail } from '@rondo/protocol';
import { partAt } from '@rondo/protocol/rewind';
import { useEffect, useMemo, useRef } from 'react';
import useSWR from 'swr';
import { findRound } from '../api/rounds.ts';
import { throttle } from '../lib/throttle.ts';
import { useFLData, useSlowFLData } from './useFLData.ts';
import { type PastView, usePast } from './usePast.ts';

interface RoundAnswer {
  readonly data: RoundDetail | undefined;
  readonly error: unknown;
  /** There is no round of this number. */
  readonly isMissing: boolean;
  /** The rounds before and after it that exist; undefined while that is not known. */
  readonly previous: number | null | undefined;
  readonly next: number | null | undefined;
}

/** The stream says that something changed; what only REST has, such as the norm of an update, follows at this pace. */
const followMs = 3_000;
/** Outcomes of 10,000 clients cost too much for every frame. */
const overlayEveryMs = 250;

const noClients: Readonly<Record<string, Client>> = Object.create(null);

/** One round of a run with what became of each client. While it is not over, outcomes come from the stream. [B14] */
export function useRoundDetail(run_id: string, round: number): RoundAnswer {
  const live = useFLData(({ viewer }) => (viewer.run_id === run_id ? viewer.rounds[round] : undefined));
  const known = useFLData(({ viewer }) => (viewer.run_id === run_id ? viewer.rounds : null));
  const isOpen = live !== undefined && !isRoundOver(live);
  const { data, error, mutate } = useSWR(['round', run_id, round], () => findRound(run_id, round));
  const clients = useSlowFLData(
    ({ viewer }) => (isOpen && viewer.run_id === run_id ? viewer.clients : noClients),
    overlayEveryMs,
    Object.is,
    [run_id, round, isOpen],
  );
  // Nothing is fetched while nothing happens: a round that is never closed costs nothing.
  const stage = live && `${live.status} ${live.completed_at} ${live.attempt}`;
  const news = live && `${live.num_clients_completed} ${live.num_clients_failed} ${live.num_clients_no_reply}`;
  const follow = useMemo(() => throttle(() => void mutate(), followMs), [mutate]);
  const seen = useRef({ stage, news });
  useEffect(() => {
    const before = seen.current;
    seen.current = { stage, news };
    if (before.stage !== stage) void mutate();
    else if (before.news !== news) follow();
  }, [stage, news, mutate, follow]);
  useEffect(() => follow.cancel, [follow]);

  const detail = data?.detail;
  const past = usePast();
  const merged = useMemo(() => {
    if (detail === undefined) return undefined;
    return past?.viewer.run_id === run_id ? roundThen(detail, past) : mergeRound(detail, live, clients);
  }, [detail, live, clients, past, run_id]);
  return {
    data: merged,
    error,
    isMissing: (data === null && live === undefined) || (past !== null && detail !== undefined && merged === undefined),
    ...(past === null ? (data?.neighbours ?? neighboursIn(known, round)) : neighboursThen(past, round)),
  };
}

/** The round as it was at a moment; undefined where it had not started. */
function roundThen(detail: RoundDetail, { rounds, atMs }: PastView): RoundDetail | undefined {
  const then = rounds.find(({ round }) => round === detail.round);
  if (then === undefined) return undefined;
  const client_updates = detail.client_updates.map((part) => partAt(part, then.completed_at, atMs));
  return {
    ...detail,
    ...then,
    client_updates,
    earlier: detail.earlier.filter(({ attempt }) => attempt < then.attempt),
  };
}

function neighboursThen({ rounds }: PastView, round: number) {
  const at = rounds.findIndex((each) => each.round === round);
  return { previous: rounds[at - 1]?.round ?? null, next: at === -1 ? null : (rounds[at + 1]?.round ?? null) };
}

export function mergeRound(
  detail: RoundDetail,
  live: Round | undefined,
  clients: Readonly<Record<string, Client>>,
): RoundDetail {
  const client_updates = detail.client_updates.map((update) => withLiveOutcome(update, clients[update.client_id]));
  return { ...detail, ...live, client_updates };
}

/** A part that is over stays over: the client may already be elsewhere. */
function withLiveOutcome(update: ClientUpdate, client: Client | undefined): ClientUpdate {
  if (client === undefined || client.current_round !== update.round || update.outcome !== 'pending') return update;
  const { round_outcome, train_loss, last_heartbeat } = client;
  if (round_outcome === null || round_outcome === 'pending') return update;
  // It last reported when its result arrived; the moment by the FL server's clock follows from REST.
  const submitted_at = update.submitted_at ?? (round_outcome === 'no_reply' ? null : last_heartbeat);
  return { ...update, outcome: round_outcome, train_loss: update.train_loss ?? train_loss, submitted_at };
}

/** Of the rounds that the stream keeps, which are the newest: the oldest of them has an unknown predecessor. */
function neighboursIn(rounds: Readonly<Record<number, Round>> | null, round: number) {
  const numbers = Object.keys(rounds ?? {}).map(Number);
  const at = numbers.indexOf(round);
  if (at === -1) return { previous: undefined, next: undefined };
  return { previous: numbers[at - 1], next: numbers[at + 1] ?? null };
}
