import { isRoundOver } from '@rondo/protocol';
import { isCountedRound, isEmptyRound } from '../db/wire.ts';
import { conditionOf } from '../insight/condition.ts';
import type { Draft } from './draft.ts';
import type { RoundRow, RunRow } from './state.ts';

// Every change of `last_reported_at` is news for all viewers.
export const reportedEveryMs = 5_000;
const maxDurations = 20;

/** Derives the run's pace, the results of its rounds and its condition from the new state. [L7] [L9] */
export function settle(draft: Draft, isReported: boolean, receivedAt: string): void {
  const last = draft.run.last_reported_at;
  const isOver = draft.run.status !== 'running';
  if (isReported && !isOver && (last === null || Date.parse(receivedAt) - Date.parse(last) >= reportedEveryMs))
    draft.setRun({ last_reported_at: receivedAt });
  const results = resultsOf(draft);
  if (results) {
    // On a completed run, a viewer sees it as the remark.
    if (draft.run.status === 'complete') draft.setRun(results);
    else draft.setQuiet(results);
  }
  const pace = paceOf(draft);
  if (pace) draft.setQuiet({ pace });
  const run = draft.wholeRun;
  const condition = run.status === 'running' ? conditionOf(run, receivedAt) : null;
  if (condition !== run.condition) draft.setRun({ condition });
}

function resultsOf(draft: Draft): Pick<RunRow, 'num_rounds_over' | 'num_rounds_empty'> | undefined {
  let [over, empty] = [0, 0];
  for (const [before, after] of draft.changedRounds()) {
    over += Number(isCountedRound(after)) - Number(before !== undefined && isCountedRound(before));
    empty += Number(isEmptyRound(after)) - Number(before !== undefined && isEmptyRound(before));
  }
  if (over === 0 && empty === 0) return undefined;
  const { num_rounds_over, num_rounds_empty } = draft.wholeRun;
  return { num_rounds_over: num_rounds_over + over, num_rounds_empty: num_rounds_empty + empty };
}

function paceOf(draft: Draft): RunRow['pace'] | undefined {
  const { pace } = draft.wholeRun;
  let { open } = pace;
  const durations = new Map(pace.durations);
  for (const [, round] of draft.changedRounds()) {
    if (round.round === draft.run.current_round) open = isRoundOver(round) ? null : openOf(round);
    const ms = durationOf(round);
    if (ms === null) durations.delete(round.round);
    else durations.set(round.round, ms);
  }
  const newest = [...durations].sort(([a], [b]) => a - b).slice(-maxDurations);
  const after = { durations: newest, open };
  return keyOf(after) === keyOf(pace) ? undefined : after;
}

/** The database keeps the names of an object in an order of its own. */
const keyOf = ({ durations, open }: RunRow['pace']): string =>
  JSON.stringify([durations, open && [open.round, open.started_at, open.deadline]]);

const durationOf = ({ status, started_at, completed_at }: RoundRow): number | null =>
  status === 'complete' && completed_at !== null && completed_at > started_at
    ? Date.parse(completed_at) - Date.parse(started_at)
    : null;

const openOf = ({ round, started_at, deadline }: RoundRow) => ({ round, started_at, deadline });
