import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { atSite } from './at-site.ts';
import type { FaultOptions, FaultReport } from './report.ts';
import type { SiteOptions } from './site.ts';
import { faultsUnderLoad } from './under-load.ts';

const minute = 60_000;
const jumpsMs = [5_000, 10 * minute, 3 * 60 * minute, 40 * 24 * 60 * minute];
// Until the server has looked at the file.
const settleMs = 100;

/** Servers whose clock is off by what a file says. */
function withClock(folder: string): Pick<SiteOptions, 'settings' | 'node'> {
  return {
    settings: { TEST_CLOCK_FILE: join(folder, 'offset') },
    node: ['--import', new URL('./clock-preload.ts', import.meta.url).href],
  };
}

/** The clock of the server, or that of the reporters, jumps ahead or back, by seconds or by weeks. */
export const jumpClocks =
  (database: 'embedded' | 'postgresql') =>
  async (options: FaultOptions): Promise<FaultReport> => {
    const folder = await mkdtemp(join(tmpdir(), 'rondo-clock-'));
    let reporterOffsetMs = 0;
    try {
      return await atSite(options, { database, ...withClock(folder) }, (site) =>
        faultsUnderLoad({
          ...options,
          site,
          label: 'clock',
          now: () => Date.now() + reporterOffsetMs,
          inject: async (random) => {
            const jump = jumpsMs[Math.floor(random() * jumpsMs.length)] ?? 0;
            const offsetMs = random() < 0.5 ? jump : -jump;
            if (random() < 0.5) reporterOffsetMs = offsetMs;
            else writeFileSync(join(folder, 'offset'), String(offsetMs));
            await wait(settleMs);
          },
        }),
      );
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  };
