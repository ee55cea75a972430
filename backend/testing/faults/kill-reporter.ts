import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import { createReporter } from '@rondo/reporter';
import { seeded } from '../random.ts';
import { atSite } from './at-site.ts';
import { check, describe } from './checker.ts';
import { readRun } from './load.ts';
import type { FaultOptions, FaultReport } from './report.ts';
import { makeKey, patienceMs, type Site, until } from './site.ts';
import { factsOf, nameOfFact } from './workload.ts';

const program = join(import.meta.dirname, 'reporter-program.ts');
/** Long enough that something it reported must arrive. */
const shortestLifeMs = 150;
const longestLifeMs = 600;
const killsPerRun = 20;
// What was reported this long before the kill is in the spool. [R18]
const unspooledNs = 50_000_000n;

/** The process that reports is killed with -9; the next one on its machine delivers what it left in its spool. */
export const killReporter = (options: FaultOptions): Promise<FaultReport> =>
  atSite(options, { database: 'embedded' }, async (site) => {
    const url = site.servers[0]?.url ?? '';
    const key = await makeKey(url);
    const random = seeded(options.seed);
    const total = { injected: 0, acknowledged: 0, lost: 0, doubled: 0, troubles: [] as string[] };
    for (let run = 1; total.injected < options.count; run++) {
      const kills = Math.min(killsPerRun, options.count - total.injected);
      const { due, said } = await killInTurn({ site, url, key, runId: `killed-${options.seed}-${run}`, kills, random });
      const { names, troubles } = await readRun(url, key, `killed-${options.seed}-${run}`);
      const finding = check({ acknowledged: due, reported: new Set(said), read: names });
      const description = describe(finding);
      total.injected += kills;
      total.acknowledged += due.length;
      total.lost += finding.lost.length;
      total.doubled += finding.doubled.length;
      total.troubles.push(...troubles, ...(description ? [`seed ${options.seed}, run ${run}: ${description}`] : []));
      options.say(`${total.injected} kills, ${total.acknowledged} due, ${total.lost} lost, ${total.doubled} doubled`);
    }
    return total;
  });

interface Task {
  readonly site: Site;
  readonly url: string;
  readonly key: string;
  readonly runId: string;
  readonly kills: number;
  readonly random: () => number;
}

async function killInTurn({ site, url, key, runId, kills, random }: Task): Promise<{ due: string[]; said: string[] }> {
  const spoolDir = join(site.folder, 'spool-of-killed');
  const due: string[] = [];
  const said: string[] = [];
  let first = 0;
  for (let kill = 0; kill < kills; kill++) {
    const life = await startLife({ url, key, spoolDir, runId, first });
    await wait(shortestLifeMs + random() * (longestLifeMs - shortestLifeMs));
    const ended = await endLife(life, first);
    due.push(...ended.due);
    said.push(...ended.said);
    first = ended.next;
  }
  const last = createReporter({ url, apiKey: key, spoolDir, run_id: runId, name: runId, onProblem: () => {} });
  last.runComplete({ status: 'complete' });
  await until('the last reporter has delivered all', () => last.stats().queued === 0);
  await last.close({ timeoutMs: patienceMs });
  return { due, said };
}

interface LifeOptions {
  readonly url: string;
  readonly key: string;
  readonly spoolDir: string;
  readonly runId: string;
  /** The first step that it reports. */
  readonly first: number;
  /** How far its clock is off. */
  readonly offsetMs?: number;
}

interface Life {
  readonly child: ChildProcess;
  readonly output: Promise<string>;
}

/** A process that reports; it has begun. */
export async function startLife({ url, key, spoolDir, runId, first, offsetMs = 0 }: LifeOptions): Promise<Life> {
  const args = [program, url, key, spoolDir, runId, String(first), String(offsetMs)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const output = text(child.stdout);
  await once(child.stdout, 'data');
  return { child, output };
}

/** Kills it with -9. Returns what must have arrived in the end, what may have, and the step to go on with. */
export async function endLife({ child, output }: Life, first: number) {
  child.kill('SIGKILL');
  await once(child, 'close');
  const namesOf = (steps: readonly number[]) => steps.flatMap((step) => factsOf(step)).map(nameOfFact);
  // A line that was cut short says nothing.
  const written = (await output).replace(/[^\n]*$/, '');
  const steps = [...written.matchAll(/^said (\d+) (\d+)$/gm)].map(([, step, at]) => ({
    step: Number(step),
    at: BigInt(at ?? 0),
  }));
  const lastAt = steps.at(-1)?.at ?? 0n;
  const spooled = namesOf(steps.filter(({ at }) => at < lastAt - unspooledNs).map(({ step }) => step));
  const all = namesOf(steps.map(({ step }) => step));
  // The first that a reporter sends is `run_started`.
  const acknowledged = Math.max(0, Number([...written.matchAll(/^has (\d+)$/gm)].at(-1)?.[1] ?? 0) - 1);
  // The step that was under way may have been reported without its line.
  const next = (steps.at(-1)?.step ?? first - 1) + 2;
  const said = namesOf([...steps.map(({ step }) => step), next - 1]);
  return { due: all.slice(0, Math.max(spooled.length, acknowledged)), said, next };
}
