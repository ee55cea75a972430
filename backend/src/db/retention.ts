import type { Db } from './db.ts';
import { createPartitions, dropPartitions, type Month, monthOf, monthsLater, tryLockPartitions } from './partitions.ts';

interface Options {
  readonly db: Db;
  /** Months of metric points before this one; undefined is for ever. */
  readonly keepMonths: number | undefined;
  readonly now?: () => Date;
}

const firstTurnMs = 60_000;
const everyMs = 3_600_000;

/** Makes the partition of the coming month, and drops those that are old enough. One of several servers does it. */
export async function sweepPartitions({ db, keepMonths, now = () => new Date() }: Options): Promise<Month[]> {
  const thisMonth = monthOf(now().toISOString());
  return db.transaction(async (tx) => {
    if (!(await tryLockPartitions(tx))) return [];
    await createPartitions(tx, [thisMonth, monthsLater(thisMonth, 1)]);
    return keepMonths === undefined ? [] : dropPartitions(tx, monthsLater(thisMonth, -keepMonths));
  });
}

/** Sweeps every hour; a turn that fails is tried again by the next. Answers how to stop, which waits for a turn under way. */
export function startRetention(options: Options, onError: (error: unknown) => void): () => Promise<void> {
  let sweeping: Promise<unknown> = Promise.resolve();
  let timer: NodeJS.Timeout;
  const turn = () => {
    sweeping = sweepPartitions(options).catch(onError);
    timer = setTimeout(turn, everyMs).unref();
  };
  timer = setTimeout(turn, firstTurnMs).unref();
  return async () => {
    clearTimeout(timer);
    await sweeping;
  };
}
