import type { Db } from '../db/db.ts';
import { runningRuns } from '../db/queries/run-state.ts';
import { conditionOf } from '../insight/condition.ts';
import { startPeriodic } from '../periodic.ts';
import type { IngestWriter } from './writer.ts';

interface Options {
  readonly db: Db;
  readonly writer: IngestWriter;
  readonly now?: () => number;
}

// Runs looked at per turn, the longest unheard of first.
const maxPerSweep = 10_000;
const everyMs = 2_000;

/** Has the writer look again at the runs that fare otherwise by now, by the server's clock. [L7] */
export async function sweepConditions({ db, writer, now = Date.now }: Options): Promise<number> {
  const at = new Date(now()).toISOString();
  const runs = await runningRuns(db, maxPerSweep);
  const changed = runs.filter((run) => conditionOf(run, at) !== run.condition);
  if (changed.length > 0) await writer.submit(changed.map(({ run_id }) => ({ type: 'condition_due', run_id })));
  return changed.length;
}

export const startWatchingConditions = (options: Options, onError: (error: unknown) => void): (() => Promise<void>) =>
  startPeriodic(() => sweepConditions(options), { everyMs }, onError);
