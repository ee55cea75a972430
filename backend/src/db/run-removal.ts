import { startPeriodic } from '../periodic.ts';
import type { Db } from './db.ts';
import { deleteRest } from './queries/run-rows.ts';

interface RunRemoval {
  /** Begins at once with what was deleted just now. */
  begin(): void;
  stop(): Promise<void>;
}

// A server that was killed may have left a deletion to those that work.
const everyMs = 60_000;

/** Deletes the rows of deleted runs after the fact, between the reports of others. A start goes on where the last end was. */
export function startRunRemoval(db: Db, onRemoved: () => void, onError: (error: unknown) => void): RunRemoval {
  let isStopped = false;
  let turn: Promise<void> = Promise.resolve();
  const work = () => {
    turn = turn
      .then(async () => {
        if (!isStopped && (await deleteRest(db, () => isStopped)) > 0) onRemoved();
      })
      .catch(onError);
    return turn;
  };
  const stopPeriodic = startPeriodic(work, { firstMs: 0, everyMs }, onError);
  return {
    begin: () => void work(),
    stop: async () => {
      isStopped = true;
      await stopPeriodic();
      await turn;
    },
  };
}
