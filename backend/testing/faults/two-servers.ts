import { setTimeout as wait } from 'node:timers/promises';
import { openFaultyProxy } from '../faulty-proxy.ts';
import { atSite } from './at-site.ts';
import type { FaultOptions, FaultReport } from './report.ts';
import { faultsUnderLoad } from './under-load.ts';

const longestAbsenceMs = 400;

/** One of two servers on one PostgreSQL is killed with -9 while both store; a balancer sends its callers to the other. */
export const killOneOfTwo = (options: FaultOptions): Promise<FaultReport> =>
  atSite(options, { database: 'postgresql', servers: 2 }, async (site) => {
    let turn = 0;
    const next = () => {
      const running = site.servers.filter(({ isRunning }) => isRunning);
      return running[turn++ % running.length]?.url;
    };
    const balancer = await openFaultyProxy(next);
    try {
      return await faultsUnderLoad({
        ...options,
        site,
        label: 'two-servers',
        url: balancer.url,
        inject: async (random) => {
          const victim = site.servers[Math.floor(random() * site.servers.length)];
          await victim?.kill();
          await wait(random() * longestAbsenceMs);
          await victim?.start();
        },
      });
    } finally {
      await balancer.close();
    }
  });
