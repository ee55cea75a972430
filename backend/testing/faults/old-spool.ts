import { readdir, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { createReporter } from '@rondo/reporter';
import { seeded } from '../random.ts';
import { atSite } from './at-site.ts';
import { check, describe } from './checker.ts';
import { endLife, startLife } from './kill-reporter.ts';
import { readRun } from './load.ts';
import type { FaultOptions, FaultReport } from './report.ts';
import { makeKey, patienceMs, until } from './site.ts';

const weekMs = 7 * 24 * 60 * 60_000;
const longestLifeMs = 500;

/**
 * A spool that a killed reporter left a week ago, some of it with an answer that never came back, arrives with the next
 * reporter to the same server.
 */
export const oldSpool = (options: FaultOptions): Promise<FaultReport> =>
  atSite(options, { database: 'embedded' }, async (site) => {
    const [server] = site.servers;
    if (!server) throw new Error('there is no server');
    const key = await makeKey(server.url);
    const random = seeded(options.seed);
    const spoolDir = join(site.folder, 'old-spools');
    const total = { injected: 0, acknowledged: 0, lost: 0, doubled: 0, troubles: [] as string[] };
    for (let time = 0; time < options.count; time++) {
      const runId = `old-${time}`;
      const life = await startLife({ url: server.url, key, spoolDir, runId, first: 0, offsetMs: -weekMs });
      await wait(random() * longestLifeMs);
      await server.kill();
      await wait(random() * longestLifeMs);
      const { due, said } = await endLife(life, 0);
      await age(spoolDir);
      const old = await spoolsIn(spoolDir);
      await server.start();
      const next = createReporter({ url: server.url, apiKey: key, spoolDir, name: 'next', onProblem: () => {} });
      next.runComplete({ status: 'complete' });
      const isDelivered = async () => (await spoolsIn(spoolDir)).every((folder) => !old.includes(folder));
      await until('the old spool is delivered', isDelivered);
      await next.close({ timeoutMs: patienceMs });
      const { names, troubles } = await readRun(server.url, key, runId);
      const finding = check({ acknowledged: due, reported: new Set(said), read: names });
      const description = describe(finding);
      total.injected += 1;
      total.acknowledged += due.length;
      total.lost += finding.lost.length;
      total.doubled += finding.doubled.length;
      total.troubles.push(...troubles, ...(description ? [`seed ${options.seed}, time ${time}: ${description}`] : []));
    }
    options.say(`${total.injected} old spools, ${total.acknowledged} due`);
    return total;
  });

/** A week passes for the files. */
async function age(folder: string): Promise<void> {
  const then = new Date(Date.now() - weekMs);
  for (const entry of await readdir(folder, { recursive: true })) await utimes(join(folder, entry), then, then);
}

/** Folders of reporters. */
const spoolsIn = async (root: string): Promise<string[]> => {
  const servers = await readdir(root);
  return (await Promise.all(servers.map((server) => readdir(join(root, server))))).flat();
};
