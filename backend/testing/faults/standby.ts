import { type PostgresPair, startPostgresPair } from '../postgres-pair.ts';
import { type FaultOptions, type FaultReport, NotPossible } from './report.ts';
import { openSite } from './site.ts';
import { faultsUnderLoad } from './under-load.ts';

const longestWithoutPrimaryMs = 1_000;

/**
 * The primary is killed with -9 while it stores, and its standby is promoted; the servers of Rondo go on without a restart.
 * Then a new standby takes the place of the old primary, and commits wait for it.
 */
export async function promoteStandby(options: FaultOptions): Promise<FaultReport> {
  const pair = await startPair();
  try {
    const site = await openSite({ database: 'postgresql', servers: 2, databaseUrl: pair.url });
    try {
      return await faultsUnderLoad({
        ...options,
        site,
        label: 'standby',
        inject: async (random) => {
          await pair.failOver(random() * longestWithoutPrimaryMs);
          await pair.restore();
        },
      });
    } finally {
      await site.close();
    }
  } finally {
    await pair.stop();
  }
}

async function startPair(): Promise<PostgresPair> {
  try {
    return await startPostgresPair();
  } catch (error) {
    throw new NotPossible(`PostgreSQL with a standby does not run here: ${(error as Error).message.split('\n', 1)[0]}`);
  }
}
