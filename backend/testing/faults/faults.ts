import { jumpClocks } from './clock.ts';
import { killDeletion } from './delete-run.ts';
import { fillDisk } from './disk-full.ts';
import { freeze, killDatabase, killServer } from './kill.ts';
import { killReporter } from './kill-reporter.ts';
import { oldSpool } from './old-spool.ts';
import { powerCut } from './power-cut-fault.ts';
import { breakLines } from './proxy.ts';
import type { FaultOptions, FaultReport } from './report.ts';
import { promoteStandbyAndControl } from './standby.ts';
import { killOneOfTwo } from './two-servers.ts';
import { sumOf } from './under-load.ts';
import { killMigration, upgrade } from './upgrade.ts';

export interface Fault {
  /** How often it is injected, by default. */
  readonly count: number;
  readonly run: (options: FaultOptions) => Promise<FaultReport>;
}

type Run = Fault['run'];

/** Half of the faults on each database. */
const onBoth =
  (make: (database: 'embedded' | 'postgresql') => Run): Run =>
  async (options) =>
    sumOf([
      await make('embedded')({ ...options, count: Math.ceil(options.count / 2) }),
      await make('postgresql')({ ...options, count: Math.max(1, Math.floor(options.count / 2)) }),
    ]);

/** Every fault of `npm run test:faults`, by name. */
export const faults: Readonly<Record<string, Fault>> = {
  'power-cut': { count: 500, run: powerCut },
  kill: { count: 400, run: onBoth(killServer) },
  'kill-database': { count: 200, run: killDatabase },
  'kill-reporter': { count: 400, run: killReporter },
  'delete-run': { count: 100, run: onBoth(killDeletion) },
  freeze: { count: 100, run: onBoth(freeze) },
  'disk-full': { count: 6, run: onBoth(fillDisk) },
  proxy: { count: 200, run: onBoth(breakLines) },
  clock: { count: 100, run: onBoth(jumpClocks) },
  'two-servers': { count: 200, run: killOneOfTwo },
  standby: { count: 50, run: promoteStandbyAndControl },
  migration: { count: 60, run: onBoth(killMigration) },
  'old-spool': { count: 20, run: oldSpool },
  upgrade: { count: 2, run: onBoth(upgrade) },
};
