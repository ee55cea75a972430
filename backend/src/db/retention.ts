import { startPeriodic } from '../periodic.ts';
import type { Db } from './db.ts';
import { createPartitions, dropPartitions, type Month, monthOf, monthsLater, tryLockPartitions } from './partitions.ts';
import { deleteCostsBefore } from './queries/key-usage.ts';
import { type LogsKeep, sweepLogs } from './queries/logs.ts';
import { foldRunTotals } from './queries/run-totals.ts';

interface Options {
  readonly db: Db;
  /** Months of metric points to keep before the current one; undefined keeps all. */
  readonly keepMonths: number | undefined;
  readonly logs?: LogsKeep | undefined;
  readonly now?: () => Date;
}

const firstSweepMs = 60_000;
const everyMs = 3_600_000;

/** Creates the next month's partition and drops expired ones. A lock lets only one server do it. */
export async function sweepPartitions({ db, keepMonths, now = () => new Date() }: Options): Promise<Month[]> {
  const thisMonth = monthOf(now().toISOString());
  return db.transaction(async (tx) => {
    if (!(await tryLockPartitions(tx))) return [];
    await createPartitions(tx, [thisMonth, monthsLater(thisMonth, 1)]);
    return keepMonths === undefined ? [] : dropPartitions(tx, monthsLater(thisMonth, -keepMonths));
  });
}

async function sweep(options: Options): Promise<void> {
  await sweepPartitions(options);
  await foldRunTotals(options.db);
  const lastWeek = new Date((options.now?.() ?? new Date()).getTime() - 7 * 86_400_000);
  await deleteCostsBefore(options.db, lastWeek.toISOString().slice(0, 10));
  await sweepLogs(options.db, options.logs ?? { perRun: 100_000 }, options.now?.() ?? new Date());
}

/** Sweeps every hour; a failed sweep is repeated by the next. */
export const startRetention = (options: Options, onError: (error: unknown) => void): (() => Promise<void>) =>
  startPeriodic(() => sweep(options), { firstMs: firstSweepMs, everyMs }, onError);
