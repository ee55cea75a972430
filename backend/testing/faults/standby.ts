import { type PostgresPair, startPostgresPair } from '../postgres-pair.ts';
import { Load } from './load.ts';
import { type FaultOptions, type FaultReport, NotPossible } from './report.ts';
import { makeKey, openSite } from './site.ts';
import { faultsUnderLoad } from './under-load.ts';

const longestWithoutPrimaryMs = 1_000;
const longestSilenceMs = 300;
// Long enough for acknowledgements on a busy machine.
const controlSilenceMs = 2_000;

/** The promotions, and beside them the control, which must lose. */
export async function promoteStandbyAndControl(options: FaultOptions): Promise<FaultReport> {
  const report = await promoteStandby(options);
  const { acknowledged, lost } = await loseWithoutSynchronousStandby();
  const note = `control with asynchronous replication: ${acknowledged} events acknowledged, ${lost} lost (must lose)`;
  return {
    ...report,
    notes: [...(report.notes ?? []), note],
    troubles: [
      ...report.troubles,
      ...(lost === 0 ? ['the control with asynchronous replication lost nothing: the promotions prove nothing'] : []),
    ],
  };
}

/**
 * The primary goes silent towards its standby and is killed with -9 while it stores, and its standby is promoted; the servers
 * of Rondo go on without a restart. Then a new standby takes the place of the old primary, and commits wait for it.
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
          await pair.failOver(random() * longestSilenceMs, random() * longestWithoutPrimaryMs);
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

/** The same fault once, where commits do not wait for the standby: what was acknowledged in the silence is lost. */
async function loseWithoutSynchronousStandby(): Promise<{ acknowledged: number; lost: number }> {
  const pair = await startPair({ isSynchronous: false });
  try {
    const site = await openSite({ database: 'postgresql', servers: 1, databaseUrl: pair.url });
    try {
      const url = site.servers[0]?.url ?? '';
      const load = new Load({ url, key: await makeKey(url), folder: site.folder, name: 'control' });
      try {
        await load.acknowledgedAfterNow(20);
        const silence = pair.failOver(controlSilenceMs, 0);
        await load.acknowledgedAfterNow(20);
        await silence;
        await load.check();
        return { acknowledged: load.acknowledged, lost: load.lost };
      } finally {
        await load.abandon();
      }
    } finally {
      await site.close();
    }
  } finally {
    await pair.stop();
  }
}

async function startPair(options: Parameters<typeof startPostgresPair>[0] = {}): Promise<PostgresPair> {
  try {
    return await startPostgresPair(options);
  } catch (error) {
    throw new NotPossible(`PostgreSQL with a standby does not run here: ${(error as Error).message.split('\n', 1)[0]}`);
  }
}
