import { setTimeout as wait } from 'node:timers/promises';
import { isAlive, signal } from '../signals.ts';
import { atSite } from './at-site.ts';
import type { FaultOptions } from './report.ts';
import { faultsUnderLoad } from './under-load.ts';

type Kind = 'embedded' | 'postgresql';

/** Kills the server with -9 and starts it again. */
export const killServer = (database: Kind) => (options: FaultOptions) =>
  atSite(options, { database }, (site) =>
    faultsUnderLoad({
      ...options,
      site,
      label: 'kill',
      inject: async () => {
        for (const server of site.servers) await server.kill();
        for (const server of site.servers) await server.start();
      },
    }),
  );

/** Kills PostgreSQL with -9: all of it, or one of its processes, after which it recovers by itself. */
export const killDatabase = (options: FaultOptions) =>
  atSite(options, { database: 'postgresql' }, (site) =>
    faultsUnderLoad({
      ...options,
      site,
      label: 'kill-database',
      inject: async (random) => {
        const { postgres } = site;
        if (!postgres) throw new Error('there is no PostgreSQL');
        if (random() < 0.5) {
          await postgres.kill();
          await wait(random() * 500);
          await postgres.resume();
          return;
        }
        const [, ...others] = await postgres.processes();
        const victim = others[Math.floor(random() * others.length)];
        if (victim === undefined) return;
        signal(victim, 'SIGKILL');
        while (isAlive(victim)) await wait(5);
      },
    }),
  );

// Beyond a reporter's patience with a request, now and then.
const longestFreezeMs = 1_500;

/** Stops the server, or PostgreSQL, for a moment with SIGSTOP: no connection breaks, and nothing is answered. */
export const freeze = (database: Kind) => (options: FaultOptions) =>
  atSite(options, { database }, (site) =>
    faultsUnderLoad({
      ...options,
      site,
      label: 'freeze',
      inject: async (random) => {
        const processes = random() < 0.5 ? await site.postgres?.processes() : undefined;
        const each = (name: NodeJS.Signals) => {
          for (const pid of processes ?? []) signal(pid, name);
          if (!processes) for (const server of site.servers) server.signal(name);
        };
        each('SIGSTOP');
        await wait(random() * longestFreezeMs);
        each('SIGCONT');
      },
    }),
  );
