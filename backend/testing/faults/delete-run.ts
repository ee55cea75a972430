import { setTimeout as wait } from 'node:timers/promises';
import { atSite } from './at-site.ts';
import { readRun } from './load.ts';
import type { FaultOptions, FaultReport } from './report.ts';
import { makeKey, report, type Site, signIn, until } from './site.ts';
import { faultsUnderLoad } from './under-load.ts';

const pointsAtOnce = 2_000;
const batches = 3;
// About as long as the deletion takes.
const longestMs = 400;

/**
 * A run of 6,000 points is deleted, and the server is killed with -9 before all of its rows can be deleted. The next start
 * deletes the rest: then the run can be reported again, and has only what was reported since.
 */
export const killDeletion = (database: 'embedded' | 'postgresql') => async (options: FaultOptions) => {
  let unfinished = 0;
  const troubles: string[] = [];
  const done = await atSite(options, { database }, async (site): Promise<FaultReport> => {
    const url = site.servers[0]?.url ?? '';
    const key = await makeKey(url);
    let runs = 0;
    return faultsUnderLoad({
      ...options,
      site,
      label: 'delete-run',
      inject: async (random) => {
        runs += 1;
        const runId = `deleted-${runs}`;
        await fill(url, key, runId);
        await remove(url, runId);
        await wait(random() * longestMs);
        await restart(site);
        if (!(await isReported(url, key, runId))) unfinished += 1;
        await until('the run can be reported again', () => isReported(url, key, runId));
        const { names } = await readRun(url, key, runId, { results: false });
        const points = names.filter((name) => name.startsWith('point'));
        if (points.length !== 1) troubles.push(`${runId} has ${points.length} points and was reported one`);
      },
    });
  });
  return {
    ...done,
    troubles: [...done.troubles, ...troubles],
    notes: [`${database}: ${unfinished} of ${done.injected} deletions were unfinished when the server was up again`],
  };
};

async function fill(url: string, key: string, runId: string): Promise<void> {
  for (let batch = 0; batch < batches; batch++) {
    const events = Array.from({ length: pointsAtOnce }, (_, n) => pointOf(runId, batch * pointsAtOnce + n));
    const answer = await report(url, key, events);
    if (!answer.ok) throw new Error(`${runId} was not stored: ${answer.status}`);
  }
}

const pointOf = (run_id: string, step: number) => ({
  type: 'metric',
  run_id,
  name: 'progress',
  step,
  value: step,
  at: new Date().toISOString(),
});

async function remove(url: string, runId: string): Promise<void> {
  const headers = { authorization: `Bearer ${await signIn(url)}` };
  const { status } = await fetch(`${url}/api/runs/${runId}`, { method: 'DELETE', headers });
  const after = await fetch(`${url}/api/runs/${runId}`, { headers });
  if (status !== 204 || after.status !== 404) throw new Error(`the deletion answered ${status}, then ${after.status}`);
}

async function restart({ servers }: Site): Promise<void> {
  for (const server of servers) await server.kill();
  for (const server of servers) await server.start();
}

async function isReported(url: string, key: string, runId: string): Promise<boolean> {
  const { status } = await report(url, key, [pointOf(runId, 0)]);
  if (status !== 200 && status !== 503) throw new Error(`a report about ${runId} answered ${status}`);
  return status === 200;
}
