import { afterAll, beforeAll, expect, it } from 'vitest';
import { killDatabase, killServer } from '../testing/faults/kill.ts';
import { breakLines } from '../testing/faults/proxy.ts';
import type { FaultReport } from '../testing/faults/report.ts';
import { openSite, type Site } from '../testing/faults/site.ts';
import { promoteStandby } from '../testing/faults/standby.ts';
import { killOneOfTwo } from '../testing/faults/two-servers.ts';
import { killMigration } from '../testing/faults/upgrade.ts';
import { type PostgresServer, startPostgres } from '../testing/postgres.ts';

// The short form of `npm run test:faults`, which has hundreds of each.
let postgres: PostgresServer;
// Two servers, for the faults that leave them as they found them.
let site: Site;
beforeAll(async () => {
  postgres = await startPostgres();
  site = await openSite({ database: 'postgresql', servers: 2, postgres });
});
afterAll(async () => {
  await site?.close();
  await postgres?.stop();
});

const options = (seed = 7) => ({ seed, count: 1, say: () => {}, postgres });
const shared = () => ({ ...options(), site });

async function expectNoHarm(report: Promise<FaultReport>): Promise<void> {
  expect(await report).toMatchObject({ injected: 1, lost: 0, doubled: 0, troubles: [] });
  expect((await report).acknowledged).toBeGreaterThan(0);
}

it('[I1] killing the server with -9 loses and doubles nothing', () => expectNoHarm(killServer('postgresql')(shared())));

it('[D2] killing a server with -9 loses nothing: its viewers and reporters go on at the other', () =>
  expectNoHarm(killOneOfTwo(shared())));

it('killing PostgreSQL with -9 loses and doubles nothing', () => expectNoHarm(killDatabase(shared())));

it('lines to PostgreSQL that break, lose half or delay lose nothing', () =>
  expectNoHarm(breakLines('postgresql')(options(2))));

it('[D4] the promotion of a standby loses nothing acknowledged and needs no restart', () =>
  expectNoHarm(promoteStandby(options())));

it('a start that is killed within its migrations is begun again by the next', () =>
  expectNoHarm(killMigration('postgresql')(options())));
