import type { ClientUpdate, Matrix, Round, RoundDetail, Timeline, ViewerState } from '@rondo/protocol';
import { decodeMatrix } from '@rondo/protocol';
import { openRoundsAt, type Past, preparePast, rewind, roundAt, roundsAt } from '@rondo/protocol/rewind';
import { useEffect, useMemo, useRef, useState } from 'react';
import useSWR from 'swr';
import { insightPaths } from '../api/insight.ts';
import { getBytes, getJson, paths } from '../api/resources.ts';
import { type KeysetPage, roundsPath } from '../api/rounds.ts';
import { serverNow } from '../lib/clock.ts';
import { type PastView, useFLStore } from '../store/fl-store.ts';

/** 10,000 rounds, as many as the table of rounds shows. */
const mostPages = 50;
/** A running run is read again this often, so that the scrubber reaches the present. */
const refreshMs = 15_000;
/** Rounds whose parts stay in memory; with 10,000 clients each is a few megabytes. */
const roundsKept = 12;

interface Stored {
  readonly past: Past;
  readonly present: ViewerState;
  /** By the server's clock. */
  readonly readAtMs: number;
}

/** What is stored of a run, to show any moment of it. */
export function useStored(run_id: string | null, isRunning: boolean) {
  const { data, error } = useSWR<Stored>(
    run_id === null ? null : ['past', run_id],
    () => readStored(run_id as string),
    { refreshInterval: isRunning ? refreshMs : 0, revalidateOnFocus: false, keepPreviousData: false },
  );
  return { stored: data, error };
}

async function readStored(run_id: string): Promise<Stored> {
  const [rounds, timeline, outcomes] = await Promise.all([
    readRounds(run_id),
    getJson<Timeline>(insightPaths.timeline(run_id)),
    getBytes(paths.matrix(run_id, 'outcome')).then((bytes): Matrix => decodeMatrix(bytes)),
  ]);
  const present = useFLStore.getState().viewer;
  // What the stream has brought meanwhile is newer.
  const byNumber = new Map(rounds.map((round) => [round.round, round]));
  if (present.run_id === run_id) for (const round of Object.values(present.rounds)) byNumber.set(round.round, round);
  return { past: preparePast({ rounds: [...byNumber.values()], timeline, outcomes }), present, readAtMs: serverNow() };
}

async function readRounds(run_id: string): Promise<Round[]> {
  const rounds: Round[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < mostPages; page++) {
    const { items, next }: KeysetPage<Round> = await getJson<KeysetPage<Round>>(roundsPath(run_id, cursor));
    rounds.push(...items);
    cursor = next;
    if (cursor === null) break;
  }
  return rounds;
}

interface Moment {
  /** Null while the parts of the moment are on their way. */
  readonly view: PastView | null;
  /** The round whose parts are missing. */
  readonly waitsFor: number | null;
  readonly error: unknown;
}

type Parts = ReadonlyMap<number, readonly ClientUpdate[]>;

/** The run at a moment, and the next round's parts before they are needed. */
export function usePastView(run_id: string | null, stored: Stored | undefined, atMs: number): Moment {
  const parts = useRef(new Map<string, readonly ClientUpdate[]>());
  const [version, setVersion] = useState(0);
  const [error, setError] = useState<unknown>(null);
  const current = stored === undefined ? null : roundAt(stored.past, atMs);
  const needed = useMemo(() => (stored === undefined ? [] : neededAt(stored.past, atMs)), [stored, atMs]);
  const next = stored?.past.rounds.find(({ round }) => current !== null && round > current)?.round;
  const keyOf = (round: number) => keyOfParts(stored as Stored, round);
  const wanted = stored === undefined ? '' : [...needed, ...(next === undefined ? [] : [next])].map(keyOf).join(' ');

  useEffect(() => {
    if (run_id === null || wanted === '') return;
    for (const key of wanted.split(' ')) {
      if (parts.current.has(key)) continue;
      // Noted before it arrives, so that no round is requested twice.
      parts.current.set(key, pending);
      const round = Number(key.split('/')[0]);
      getJson<RoundDetail>(`/api/runs/${encodeURIComponent(run_id)}/rounds/${round}`).then(
        ({ client_updates }) => {
          parts.current.set(key, client_updates);
          for (const oldest of parts.current.keys()) {
            if (parts.current.size <= roundsKept) break;
            if (oldest !== key) parts.current.delete(oldest);
          }
          setError(null);
          setVersion((before) => before + 1);
        },
        (problem: unknown) => {
          parts.current.delete(key);
          setError(problem);
        },
      );
    }
  }, [run_id, wanted]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the parts are a cache whose version says that it changed.
  return useMemo(() => {
    if (stored === undefined) return { view: null, waitsFor: null, error };
    const known = new Map<number, readonly ClientUpdate[]>();
    for (const round of needed) {
      const found = parts.current.get(keyOf(round));
      if (found === undefined || found === pending) return { view: null, waitsFor: round, error };
      known.set(round, found);
    }
    return { view: viewAt(stored, known, atMs), waitsFor: null, error };
  }, [stored, needed, atMs, version, error]);
}

function neededAt(past: Past, atMs: number): number[] {
  const current = roundAt(past, atMs);
  return [...new Set([...openRoundsAt(past, atMs), ...(current === null ? [] : [current])])];
}

const pending: readonly ClientUpdate[] = [];

/** A round that is open is read again when it has news. */
function keyOfParts({ past }: Stored, round: number): string {
  const found = past.rounds.find((each) => each.round === round);
  return `${round}/${found?.attempt}/${found?.progress_percent}/${found?.completed_at}`;
}

function viewAt({ past, present }: Stored, parts: Parts, atMs: number): PastView {
  return { atMs, viewer: rewind(present, past, parts, atMs), rounds: roundsAt(past, parts, atMs) };
}
