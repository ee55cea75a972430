import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeDataDir } from '../database.ts';
import { seeded } from '../random.ts';

export interface WriterTask {
  readonly folder: string;
  readonly images: string;
  readonly wanted: number;
  readonly isDurable: boolean;
  readonly seed: number;
  /** Steps of the workload that were acknowledged before. */
  readonly acknowledged: number;
  /** Between one cut and the next, in changes of files. */
  readonly longestGap: number;
}

export interface Cut {
  readonly folder: string;
  readonly acknowledged: number;
  readonly at: number;
}

export type Verdict =
  | { readonly kind: 'whole'; readonly facts: number }
  | { readonly kind: 'lost' | 'corrupt'; readonly detail: string };

export const cutRun = 'power';

export interface CutReport {
  readonly cuts: number;
  /** Facts that were acknowledged when the power was cut, over all cuts. */
  readonly acknowledged: number;
  /** Cuts after which a fact was missing that had been acknowledged. */
  readonly lost: number;
  /** Cuts after which the database did not open, or was not whole. */
  readonly corrupt: number;
  readonly troubles: readonly string[];
}

interface Options {
  readonly seed: number;
  readonly cuts: number;
  /** Without it the database runs as PGlite does by itself: the control, which must lose. */
  readonly isDurable?: boolean;
  readonly onProgress?: (report: CutReport) => void;
}

const cutsPerSession = 10;
// Making a database takes seconds, and so does the start after each cut of it.
const newFolderEvery = 10;
const cutsOfNewFolder = 4;
const patienceMs = 600_000;

/** Several at once, each with a seed of its own, and the sum of what they saw. */
export async function cutPowerInParallel(options: Options & { readonly lanes: number }): Promise<CutReport> {
  const { lanes, seed, cuts, onProgress } = options;
  const reports = new Map<number, CutReport>();
  await Promise.all(
    Array.from({ length: Math.min(lanes, cuts) }, async (_, lane) => {
      const onLane = (report: CutReport) => {
        reports.set(lane, report);
        onProgress?.(sum([...reports.values()]));
      };
      const share = Math.floor((cuts + lane) / lanes);
      onLane(await cutPower({ ...options, seed: seed * 1_000 + lane, cuts: share, onProgress: onLane }));
    }),
  );
  return sum([...reports.values()]);
}

const sum = (reports: readonly CutReport[]): CutReport => ({
  cuts: reports.reduce((total, { cuts }) => total + cuts, 0),
  acknowledged: reports.reduce((total, { acknowledged }) => total + acknowledged, 0),
  lost: reports.reduce((total, { lost }) => total + lost, 0),
  corrupt: reports.reduce((total, { corrupt }) => total + corrupt, 0),
  troubles: reports.flatMap(({ troubles }) => troubles),
});

/**
 * Cuts the power of a database at work at seeded moments, and counts what is there when it comes back. A session begins
 * with a folder that a cut has left, so that recovery is cut as well; every tenth begins without one.
 */
export async function cutPower({ seed, cuts, isDurable = true, onProgress }: Options): Promise<CutReport> {
  const home = mkdtempSync(join(roomyFolder(), 'rondo-power-'));
  const report = { cuts: 0, acknowledged: 0, lost: 0, corrupt: 0, troubles: [] as string[] };
  const judge = new Judge();
  const random = seeded(seed);
  try {
    let start: Start = { folder: await makeDatabase(home), acknowledged: 0 };
    for (let session = 1; report.cuts < cuts; session++) {
      const isNew = session % newFolderEvery === 0;
      const folder = join(home, 'at-work');
      rmSync(folder, { recursive: true, force: true });
      if (isNew) mkdirSync(folder);
      else cpSync(start.folder, folder, { recursive: true });
      const made = await write({
        folder,
        images: mkdtempSync(join(home, 'images-')),
        wanted: Math.min(isNew ? cutsOfNewFolder : cutsPerSession, cuts - report.cuts),
        isDurable,
        acknowledged: isNew ? 0 : start.acknowledged,
        seed: Math.floor(random() * 2 ** 32),
        // A start after a cut makes some 150 changes, so about one cut of a session is in recovery.
        longestGap: isNew ? 600 : 150,
      });
      const last = made.at(-1) as Cut;
      const copy = join(home, `start-${session}`);
      cpSync(last.folder, copy, { recursive: true });
      for (const cut of made) {
        const verdict = await judge.judge(cut);
        report.cuts += 1;
        rmSync(cut.folder, { recursive: true, force: true });
        if (verdict.kind === 'whole') {
          report.acknowledged += verdict.facts;
          if (cut !== last) continue;
          rmSync(start.folder, { recursive: true, force: true });
          start = { folder: copy, acknowledged: cut.acknowledged };
        } else {
          report[verdict.kind] += 1;
          report.troubles.push(`session ${session}, change ${cut.at}: ${verdict.kind}: ${verdict.detail}`);
        }
      }
      if (start.folder !== copy) rmSync(copy, { recursive: true, force: true });
      onProgress?.(report);
    }
    return report;
  } finally {
    judge.close();
    rmSync(home, { recursive: true, force: true });
  }
}

interface Start {
  readonly folder: string;
  readonly acknowledged: number;
}

async function makeDatabase(home: string): Promise<string> {
  const made = await makeDataDir();
  const folder = join(home, 'start');
  cpSync(made, folder, { recursive: true });
  rmSync(made, { recursive: true, force: true });
  return folder;
}

const program = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

async function write(task: WriterTask): Promise<Cut[]> {
  const child = fork(program('./power-cut-writer.ts'), [JSON.stringify(task)], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const cuts: Cut[] = [];
  let said = '';
  child.stderr?.on('data', (chunk) => {
    said += String(chunk);
  });
  child.on('message', (cut: Cut) => cuts.push(cut));
  const timer = setTimeout(() => child.kill('SIGKILL'), patienceMs);
  const [code, signal] = await once(child, 'close');
  clearTimeout(timer);
  if (code !== 0)
    throw new Error(`the writer of seed ${task.seed} ended with ${code ?? signal}: ${said.slice(-2_000)}`);
  return cuts;
}

/** A process that judges one cut after the other; another one follows when it ends or takes too long. */
class Judge {
  #child: ChildProcess | undefined;
  #judged = 0;

  async judge(cut: Cut): Promise<Verdict> {
    // Memory of earlier databases is not all given back.
    if (this.#judged++ % 20 === 0) this.close();
    this.#child ??= fork(program('./power-cut-judge.ts'), { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
    const child = this.#child;
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(), patienceMs);
    const { signal } = patience;
    try {
      child.send(cut);
      return await Promise.race([
        once(child, 'message', { signal }).then(([verdict]) => verdict as Verdict),
        once(child, 'exit', { signal }).then((): Verdict => ({ kind: 'corrupt', detail: 'the database ended itself' })),
      ]);
    } catch {
      return { kind: 'corrupt', detail: `the database did not open within ${patienceMs / 1_000} s` };
    } finally {
      clearTimeout(timer);
      patience.abort();
      if (child.exitCode !== null || child.killed) this.close();
    }
  }

  close(): void {
    this.#child?.kill('SIGKILL');
    this.#child = undefined;
  }
}

/** Memory where there is enough: an image has 60 MB, and nothing of it need be forced. */
function roomyFolder(): string {
  const shared = '/dev/shm';
  if (!existsSync(shared)) return tmpdir();
  const { bavail, bsize } = statfsSync(shared);
  return bavail * bsize > 4 * 1024 ** 3 ? shared : tmpdir();
}
