import {
  type ClientUpdate,
  emptyViewerState,
  type Fact,
  factSchema,
  isRoundOver,
  outcomeCodes,
  type Round,
  type Timeline,
  type ViewerState,
} from '@rondo/protocol';
import { openRoundsAt, preparePast, rewind } from '@rondo/protocol/rewind';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { streamRunId } from '../../testing/fact-streams.ts';
import { emptyState, fold } from '../../testing/run-state.ts';
import { toClient, toClientUpdate, toRound, toRun } from '../db/wire.ts';
import { reduce } from '../ingest/reduce.ts';
import type { RunState } from '../ingest/state.ts';

const ids = ['a', 'b', 'c', 'd'] as const;
const startMs = Date.parse('2026-01-31T11:00:00.000Z');

/** What becomes of a client in a round. */
const fate = fc.constantFrom('complete', 'failed', 'no_reply', 'nothing', 'absent');
const roundPlan = fc.record({
  fates: fc.tuple(fate, fate, fate, fate),
  end: fc.constantFrom('round_complete', 'round_failed', 'round_stopped', 'open'),
  hasLoss: fc.boolean(),
  /** The server recovers and starts it again. */
  isRepeated: fc.boolean(),
});
const plan = fc.record({
  joins: fc.tuple(fc.boolean(), fc.boolean(), fc.boolean(), fc.boolean()),
  rounds: fc.array(roundPlan, { minLength: 1, maxLength: 4 }),
  isComplete: fc.boolean(),
});

/** The facts of a run in the order in which they happened, one second apart. */
function factsOf({ joins, rounds, isComplete }: typeof plan extends fc.Arbitrary<infer T> ? T : never): Fact[] {
  const facts: Fact[] = [];
  const say = (type: Fact['type'], fields: object) => {
    const at = new Date(startMs + facts.length * 1_000).toISOString();
    facts.push(factSchema.parse({ type, run_id: streamRunId, at, ...fields }));
  };
  say('run_started', { name: 'x', framework: 'f', num_rounds: rounds.length });
  for (const [index, client_id] of ids.entries()) if (joins[index]) say('client_joined', { client_id });
  for (const [index, { fates, end, hasLoss, isRepeated }] of rounds.entries()) {
    const round = index + 1;
    for (let attempt = 0; attempt < (isRepeated ? 2 : 1); attempt++) {
      say('round_started', { round, client_ids: ids.filter((_, at) => fates[at] !== 'absent') });
      for (const [at, client_id] of ids.entries()) {
        if (fates[at] === 'complete') say('client_result', { round, client_id, sample_count: 1, train_loss: round });
        if (fates[at] === 'failed') say('client_failed', { round, client_id, reason: 'x' });
        if (fates[at] === 'no_reply') say('client_no_reply', { round, client_id });
      }
    }
    if (end === 'round_complete') say(end, { round, global_loss: hasLoss ? 1 / round : null });
    else if (end !== 'open') say(end, { round, reason: 'x' });
  }
  if (isComplete) say('run_complete', { status: 'complete' });
  return facts;
}

const byRound = <T extends { readonly round: number }>(items: readonly T[]) =>
  Object.fromEntries(items.map((item) => [item.round, item]));

/** The state that a viewer would have. */
function viewerOf({ run, rounds, clients }: RunState): ViewerState {
  const shown = [...rounds.values()].map((row) => toRound(row)).sort((a, b) => a.round - b.round);
  return {
    ...emptyViewerState,
    run_id: streamRunId,
    run: toRun(run),
    rounds: byRound(shown),
    clients: Object.fromEntries([...clients.values()].map((row) => [row.client_id, toClient(row)])),
    metrics_history: shown
      .filter(({ global_loss }) => global_loss !== null)
      .map(({ round, global_loss: loss, global_accuracy: accuracy }) => ({ round, loss, accuracy })),
  };
}

/** What REST has of the run at its end. */
function storedOf(state: RunState) {
  const rounds = [...state.rounds.values()].map((row) => toRound(row));
  const client_ids = [...state.clients.keys()];
  const numbers = rounds.map(({ round }) => round).sort((a, b) => a - b);
  const updates = new Map<number, ClientUpdate[]>();
  for (const [round, rows] of state.updates)
    updates.set(
      round,
      [...rows.values()].map((row) => toClientUpdate({ ...row, round_id: 1 })),
    );
  const cells = new Uint8Array(numbers.length * client_ids.length);
  for (const [column, round] of numbers.entries()) {
    const attempt = state.rounds.get(round)?.attempt;
    for (const part of updates.get(round) ?? [])
      if (part.attempt === attempt)
        cells[column * client_ids.length + client_ids.indexOf(part.client_id)] = outcomeCodes[part.outcome];
  }
  const timeline: Timeline = {
    run_id: streamRunId,
    clients: { client_id: client_ids, joined_at: client_ids.map((id) => state.clients.get(id)?.joined_at ?? null) },
    attempts: [...state.rounds.values()].flatMap(({ round, earlier }) => earlier.map((each) => ({ round, ...each }))),
    episodes: [],
    episodes_truncated: false,
  };
  const header = { run_id: streamRunId, measure: 'outcome', cell: 'uint8', rounds: numbers, client_ids } as const;
  const outcomes = { ...header, rounds: numbers, client_ids, open_rounds: [], truncated: false, cells, bits: null };
  return { past: preparePast({ rounds, timeline, outcomes }), updates };
}

/** What can be known of a past moment. */
function knownOf({ run, rounds, clients, metrics_history }: ViewerState) {
  const account = (round: Round) => [
    isRoundOver(round) ? round.status : 'open',
    round.attempt,
    round.num_clients_expected,
    round.num_clients_completed,
    round.num_clients_failed,
    round.num_clients_no_reply,
    round.num_clients_unreported,
    round.global_loss,
    round.completed_at,
    round.started_at,
  ];
  return {
    run: [run?.status, run?.current_round, run?.completed_at, run?.num_clients],
    rounds: Object.fromEntries(Object.entries(rounds).map(([round, row]) => [round, account(row)])),
    clients: Object.keys(clients).sort(),
    outcomes: Object.fromEntries(
      Object.values(clients).map((client) => [client.client_id, [client.current_round, client.round_outcome]]),
    ),
    metrics_history,
  };
}

const placesOf = ({ run, rounds }: ViewerState) => ({
  run: [run?.status, run?.current_round],
  rounds: Object.values(rounds).map((round) => [round.round, round.attempt, round.started_at]),
});

it('[G19] at every moment it is what a viewer saw then, and at the end the present', () => {
  fc.assert(
    fc.property(plan, (given) => {
      const facts = factsOf(given);
      const states: RunState[] = [];
      let state = emptyState(streamRunId, new Date(startMs).toISOString());
      for (const fact of facts) {
        state = fold(state, reduce(state, [fact], fact.at));
        states.push(state);
      }
      const present = viewerOf(state);
      const { past, updates } = storedOf(state);
      for (const [index, seen] of states.entries()) {
        // Half a second after the fact, so that its moment is past and the next is not.
        const atMs = startMs + index * 1_000 + 500;
        const open = new Map(
          [...openRoundsAt(past, atMs), seen.run.current_round].map((n) => [n, updates.get(n ?? -1)]),
        );
        const known = new Map([...open].flatMap(([n, parts]) => (n === null || !parts ? [] : [[n, parts] as const])));
        const rewound = rewind(present, past, known, atMs);
        const isReplaced = [...seen.rounds.values()].some(
          ({ round, attempt }) => attempt !== state.rounds.get(round)?.attempt,
        );
        // Of an attempt that was replaced only the totals are stored.
        if (isReplaced) expect(placesOf(rewound)).toEqual(placesOf(viewerOf(seen)));
        else expect(knownOf(rewound)).toEqual(knownOf(viewerOf(seen)));
      }
      const last = startMs + facts.length * 1_000;
      if (given.isComplete) expect(rewind(present, past, new Map(), last)).toBe(present);
    }),
    { numRuns: 60 },
  );
});
