import { setTimeout as wait } from 'node:timers/promises';
import { seeded } from '../random.ts';
import { Load } from './load.ts';
import type { FaultOptions, FaultReport } from './report.ts';
import { makeKey, type Site } from './site.ts';

interface Options extends FaultOptions {
  readonly site: Site;
  /** Where reporters, viewers and readers connect; by default the first server. */
  readonly url?: string;
  /** Begins the names of its runs, which differ from those of other faults of the site. */
  readonly label?: string;
  /** The clock of the reporters. */
  readonly now?: () => number;
  /** One fault; afterwards all must go on by itself. */
  readonly inject: (random: () => number) => Promise<void>;
}

const injectionsPerEpisode = 10;
// So that a fault hits another moment of a batch each time.
const longestStepsBefore = 40;
const longestPauseMs = 40;

/**
 * Faults at seeded moments while reporters report and viewers watch. After each: reports are acknowledged again without help,
 * and a read has all that was acknowledged, once. At the end of an episode: viewers equal the database, accounts add up.
 */
export async function faultsUnderLoad(options: Options): Promise<FaultReport> {
  const { site, seed, count, say, inject } = options;
  const url = options.url ?? site.servers[0]?.url ?? '';
  const random = seeded(seed);
  const total = { injected: 0, acknowledged: 0, lost: 0, doubled: 0, troubles: [] as string[] };
  const key = await makeKey(url);
  for (let episode = 1; total.injected < count; episode++) {
    const load = new Load({
      url,
      key,
      folder: site.folder,
      name: `${options.label ?? 'load'}-${episode}`,
      ...(options.now && { now: options.now }),
    });
    const about = `seed ${seed}, episode ${episode}`;
    try {
      const until = Math.min(count, episode * injectionsPerEpisode);
      while (total.injected < until) {
        await load.acknowledgedAfterNow(1 + Math.floor(random() * longestStepsBefore));
        await wait(random() * longestPauseMs);
        await inject(random);
        total.injected += 1;
        await load.acknowledgedAfterNow(1);
        await load.check();
      }
      const { acknowledged, lost, doubled, troubles } = await load.finish();
      total.acknowledged += acknowledged;
      total.lost += lost;
      total.doubled += doubled;
      total.troubles.push(...troubles.map((trouble) => `${about}: ${trouble}`));
      say(`${total.injected} faults, ${total.acknowledged} acknowledged, ${total.lost} lost, ${total.doubled} doubled`);
    } catch (error) {
      total.troubles.push(`${about}, fault ${total.injected}: ${(error as Error).message}`);
      await load.abandon();
      return total;
    }
  }
  return total;
}

/** The sum of what a fault did to several sites. */
export const sumOf = (reports: readonly FaultReport[]): FaultReport => ({
  injected: reports.reduce((sum, { injected }) => sum + injected, 0),
  acknowledged: reports.reduce((sum, { acknowledged }) => sum + acknowledged, 0),
  lost: reports.reduce((sum, { lost }) => sum + lost, 0),
  doubled: reports.reduce((sum, { doubled }) => sum + doubled, 0),
  troubles: reports.flatMap(({ troubles }) => troubles),
  notes: reports.flatMap(({ notes = [] }) => notes),
});
