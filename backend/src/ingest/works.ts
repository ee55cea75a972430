import type { RunId } from '@rondo/protocol';
import type { Committed } from '../bus/event-bus.ts';
import { type Entry, isOwn } from './entries.ts';
import { type Draft, savedOf } from './save.ts';
import type { RunRow } from './state.ts';
import type { Saved } from './writing.ts';

/** A locked run with its entries that may speak of it. */
export interface Work {
  readonly before: RunRow;
  readonly entries: readonly Entry[];
  readonly inputs: readonly Entry['input'][];
}

export interface Written {
  readonly before: RunRow;
  readonly saved: Saved;
}

/** What the inputs of locked runs change. */
export interface Reduced {
  readonly works: readonly Work[];
  readonly draft: Draft;
}

export const worksOf = (locked: readonly RunRow[], byRun: ReadonlyMap<RunId, readonly Entry[]>): Work[] =>
  locked.flatMap((before) => {
    const entries = (byRun.get(before.run_id) ?? []).filter(({ owner }) => isOwn(owner, before.project_id));
    return entries.length === 0 ? [] : [{ before, entries, inputs: entries.map(({ input }) => input) }];
  });

export const writtenOf = ({ works, draft }: Reduced): Written[] => {
  const saved = savedOf(draft);
  return works.map(({ before }, index) => ({ before, saved: saved[index] as Saved }));
};

export function toCommitted({ before, saved: { run, events } }: { before: RunRow; saved: Saved }): Committed[] {
  if (run.seq === before.seq) return [];
  return [
    {
      run_id: run.run_id,
      project_id: run.project_id,
      epoch: run.epoch,
      from_seq: before.seq,
      seq: run.seq,
      events,
      is_new_run: mayBeNewest(before, run),
    },
  ];
}

/** A run that is new, runs again or began at another moment may be the newest from now on. [S9] */
const mayBeNewest = (before: RunRow, run: RunRow): boolean =>
  before.seq === 0 ||
  (run.status === 'running' && (before.status !== 'running' || before.started_at !== run.started_at));
