import { accountOf, isRoundOver, type Outcome } from '@rondo/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyStream, namedStream, streamRunId } from '../../testing/fact-streams.ts';
import { emptyState, fold, foldPieces, noon } from '../../testing/run-state.ts';
import { toRound } from '../db/wire.ts';
import { isOpen } from './command-facts.ts';
import { reduce } from './reduce.ts';
import type { Input, Reduction, RoundRow, RunState } from './state.ts';

const start = emptyState(streamRunId, '2026-01-31T10:00:00.000Z');
const notices = new Set<Input['type']>(['client_silent', 'stop_requested', 'command_expired']);
const isFact = ({ type }: Input) => !notices.has(type);
/** Only the database can detect repeats of these. */
const isTelemetry = ({ type }: Input) => type === 'metric' || type === 'log';

/** The stream in pieces that end where `cuts` says. */
function piecesOf(stream: readonly Input[], cuts: readonly number[]): Input[][] {
  const ends = [...new Set(cuts.map((cut) => cut % stream.length))].sort((a, b) => a - b);
  return [0, ...ends].map((begin, index) => stream.slice(begin, ends[index] ?? stream.length));
}

const changesNothing = ({ run, rounds, clients, updates, commands }: Reduction): boolean =>
  run === null && rounds.size + clients.size + updates.size + commands.size === 0;

/** The states after every input of a stream. */
function* statesOf(stream: readonly Input[]): Iterable<RunState> {
  let state = start;
  for (const input of stream) {
    state = foldPieces(state, [[input]]);
    yield state;
  }
}

/** The parts of the round as it is now. */
const partsOf = (state: RunState, round: number) =>
  [...(state.updates.get(round)?.values() ?? [])].filter((row) => row.attempt === state.rounds.get(round)?.attempt);

const countOf = (state: RunState, round: number, outcome: Outcome): number =>
  partsOf(state, round).filter((row) => row.outcome === outcome).length;

const pendingOf = (row: RoundRow): number => accountOf(toRound(row)).pending;

// fast-check prints the seed and the smallest stream that breaks a rule.
const many = { numRuns: 1_000 };

describe('any stream of facts', () => {
  it('gives the same rows in any pieces as in one', () => {
    fc.assert(
      fc.property(anyStream, fc.array(fc.nat()), (stream, cuts) => {
        expect(foldPieces(start, piecesOf(stream, cuts))).toEqual(foldPieces(start, [stream]));
      }),
      many,
    );
  });

  it('[F2] repeated as a whole, it changes no row', () => {
    fc.assert(
      fc.property(anyStream, (stream) => {
        const facts = stream.filter(isFact);
        const again = reduce(foldPieces(start, [stream]), facts, noon);
        expect(changesNothing(again)).toBe(true);
        const expected = facts.flatMap((fact, index) => (isTelemetry(fact) ? [] : [index]));
        expect([...again.duplicates]).toEqual(expected);
      }),
      many,
    );
  });

  it('[F2] every fact of it repeated, at once or later, gives the same rows', () => {
    fc.assert(
      fc.property(anyStream, fc.array(fc.nat(), { maxLength: 10 }), (stream, picks) => {
        let state = start;
        for (const [index, input] of stream.entries()) {
          state = foldPieces(state, [[input]]);
          const earlier = [...picks.map((pick) => stream[pick % (index + 1)]), input].filter(
            (one) => one !== undefined,
          );
          const repeated = reduce(state, earlier.filter(isFact), noon);
          expect(changesNothing(repeated)).toBe(true);
        }
        expect(state).toEqual(foldPieces(start, [stream]));
      }),
      many,
    );
  });

  it('[F2] a fact repeated in one batch counts once', () => {
    fc.assert(
      fc.property(anyStream, (stream) => {
        const doubled = stream.flatMap((input) => (isFact(input) ? [input, input] : [input]));
        expect(fold(start, reduce(start, doubled, noon))).toEqual(foldPieces(start, [stream]));
      }),
      many,
    );
  });

  it('[A1] keeps every round’s account after every fact', () => {
    fc.assert(
      fc.property(anyStream, (stream) => {
        for (const state of statesOf(stream)) {
          for (const row of state.rounds.values()) {
            expect(pendingOf(row)).toBeGreaterThanOrEqual(0);
            expect(row.num_clients_completed).toBeGreaterThanOrEqual(countOf(state, row.round, 'complete'));
            expect(row.num_clients_failed).toBeGreaterThanOrEqual(countOf(state, row.round, 'failed'));
            expect(row.num_clients_no_reply).toBeGreaterThanOrEqual(countOf(state, row.round, 'no_reply'));
            expect(row.num_named).toBe(partsOf(state, row.round).length);
            expect(row.progress_percent).toBeGreaterThanOrEqual(0);
            expect(row.progress_percent).toBeLessThanOrEqual(100);
          }
        }
      }),
      many,
    );
  });

  it('[A1] counts exactly the client updates when every client has a name', () => {
    fc.assert(
      fc.property(namedStream, (stream) => {
        for (const state of statesOf(stream)) {
          for (const row of state.rounds.values()) {
            expect(row.num_clients_expected).toBe(partsOf(state, row.round).length);
            expect(row.num_clients_completed).toBe(countOf(state, row.round, 'complete'));
            expect(row.num_clients_failed).toBe(countOf(state, row.round, 'failed'));
            expect(row.num_clients_no_reply).toBe(countOf(state, row.round, 'no_reply'));
            expect(pendingOf(row)).toBe(countOf(state, row.round, 'pending'));
          }
        }
      }),
      many,
    );
  });

  it('[A2] leaves no client pending in a closed round', () => {
    fc.assert(
      fc.property(anyStream, (stream) => {
        for (const state of statesOf(stream)) {
          for (const row of state.rounds.values()) {
            if (!isRoundOver(row)) continue;
            expect(pendingOf(row)).toBe(0);
            expect(countOf(state, row.round, 'pending')).toBe(0);
            expect(row.progress_percent).toBe(100);
          }
        }
      }),
      many,
    );
  });

  it('[C5] leaves no stop open after its target has ended, and shows each with its state', () => {
    fc.assert(
      fc.property(anyStream, (stream) => {
        for (const { run, rounds, commands } of statesOf(stream)) {
          for (const { stop, completed_at } of [run, ...rounds.values()]) {
            if (!stop) continue;
            expect(isOpen(stop) && completed_at !== null).toBe(false);
            expect(commands.get(stop.command_id)).toMatchObject(stop);
          }
        }
      }),
      many,
    );
  });

  it('[L5] leaves no round open in a run that stopped or failed', () => {
    fc.assert(
      fc.property(anyStream, (stream) => {
        for (const { run, rounds } of statesOf(stream)) {
          if (run.status !== 'stopped' && run.status !== 'failed') continue;
          expect([...rounds.values()].filter((row) => !isRoundOver(row))).toEqual([]);
        }
      }),
      many,
    );
  });

  it('[L3] an end that was not reported before leaves the run over', () => {
    fc.assert(
      fc.property(anyStream, (stream) => {
        const seen = new Set<string>();
        let state = start;
        for (const input of stream) {
          state = foldPieces(state, [[input]]);
          if (input.type !== 'run_complete') continue;
          if (!seen.has(`${input.status} ${input.at}`)) expect(state.run.status).not.toBe('running');
          seen.add(`${input.status} ${input.at}`);
        }
      }),
      many,
    );
  });

  it('[L2] an end that was not reported before leaves its round over', () => {
    fc.assert(
      fc.property(anyStream, (stream) => {
        const seen = new Set<string>();
        let state = start;
        for (const input of stream) {
          state = foldPieces(state, [[input]]);
          if (input.type !== 'round_complete' && input.type !== 'round_failed' && input.type !== 'round_stopped')
            continue;
          const key = `${input.type} ${input.round} ${input.at}`;
          const isNew = !seen.has(key) && !stream.some((one) => one.type === 'command_ack');
          if (isNew) expect(isRoundOver(state.rounds.get(input.round) ?? { status: 'waiting' })).toBe(true);
          seen.add(key);
        }
      }),
      many,
    );
  });

  it("keeps every client's parts as one chain, whole and without a circle", () => {
    fc.assert(
      fc.property(anyStream, (stream) => {
        const state = foldPieces(start, [stream]);
        for (const { client_id, num_parts, last_part } of state.clients.values()) {
          const chain: number[] = [];
          for (let round = last_part; round !== null && chain.length <= num_parts; ) {
            chain.push(round);
            round = state.updates.get(round)?.get(client_id)?.previous_part ?? null;
          }
          const rounds = [...state.updates].flatMap(([round, parts]) => (parts.has(client_id) ? [round] : []));
          expect(chain.sort()).toEqual(rounds.sort());
          expect(num_parts).toBe(rounds.length);
        }
      }),
      many,
    );
  });

  it('shows each client the outcome of its part in its newest round', () => {
    fc.assert(
      fc.property(anyStream, (stream) => {
        for (const state of statesOf(stream)) {
          for (const client of state.clients.values()) {
            const part = partsOf(state, client.current_round ?? 0).find((row) => row.client_id === client.client_id);
            expect(client.round_outcome).toBe(part?.outcome ?? null);
            expect(client.is_online).toBe(client.status !== 'offline');
          }
          expect(state.run.num_clients).toBe(state.clients.size);
        }
      }),
      many,
    );
  });
});
