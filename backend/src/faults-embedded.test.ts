import { afterAll, beforeAll, expect, it } from 'vitest';
import { jumpClocks } from '../testing/faults/clock.ts';
import { killDeletion } from '../testing/faults/delete-run.ts';
import { fillDisk } from '../testing/faults/disk-full.ts';
import { freeze, killServer } from '../testing/faults/kill.ts';
import { killReporter } from '../testing/faults/kill-reporter.ts';
import { oldSpool } from '../testing/faults/old-spool.ts';
import { breakLines } from '../testing/faults/proxy.ts';
import { type FaultOptions, type FaultReport, NotPossible } from '../testing/faults/report.ts';
import { openSite, type Site } from '../testing/faults/site.ts';
import { upgrade } from '../testing/faults/upgrade.ts';

// The short form of `npm run test:faults`, which has hundreds of each.
const options: FaultOptions = { seed: 7, count: 1, say: () => {} };
// The faults that leave a server as they found it share one.
let site: Site;
beforeAll(async () => {
  site = await openSite({ database: 'embedded' });
});
afterAll(() => site?.close());
const shared = (): FaultOptions => ({ ...options, site });

async function expectNoHarm(report: Promise<FaultReport>): Promise<void> {
  expect(await report).toMatchObject({ injected: 1, lost: 0, doubled: 0, troubles: [] });
  expect((await report).acknowledged).toBeGreaterThan(0);
}

it('[I1] [S5] killing the server with -9 loses and doubles nothing, and its viewers go on where they were', () =>
  expectNoHarm(killServer('embedded')(shared())));

it('[B11] killing the server with -9 while it deletes a run leaves nothing of the run', () =>
  expectNoHarm(killDeletion('embedded')(shared())));

it('[R18] killing a reporter with -9 loses nothing of its spool', () => expectNoHarm(killReporter(shared())));

it('a server that is suspended for a moment loses nothing', () => expectNoHarm(freeze('embedded')(shared())));

it('[R4] lines that break, lose half or delay lose nothing', () => expectNoHarm(breakLines('embedded')(shared())));

it('[T1] [T2] clocks that jump lose nothing', () => expectNoHarm(jumpClocks('embedded')(options)));

it('[R26] a spool of last week arrives', () => expectNoHarm(oldSpool(shared())));

it('a data folder of the first release opens, and every answer is as it was', () =>
  expectNoHarm(upgrade('embedded')(options)));

it('[H2] [B5] [B6] a disk that an ordinary key fills refuses reports, and nothing else', async (test) => {
  const report = fillDisk('embedded')(options).catch((error: unknown) => {
    if (!(error instanceof NotPossible)) throw error;
    test.skip(error.message);
    throw error;
  });
  await expectNoHarm(report);
});
