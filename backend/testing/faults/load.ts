import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { accountOf, fromSnapshot, type ServerMessage, type ViewerState } from '@rondo/protocol';
import { createReporter, type Reporter, readRondo } from '@rondo/reporter';
import { ResumingViewer } from '../resuming-viewer.ts';
import { openSocket } from '../socket.ts';
import { check, describe } from './checker.ts';
import { patienceMs, until } from './site.ts';
import { factsOf, nameOf, nameOfFact } from './workload.ts';

interface Options {
  readonly url: string;
  readonly key: string;
  readonly folder: string;
  /** Begins the names of its runs. */
  readonly name: string;
  readonly reporters?: number;
  /** The clock of the reporters. */
  readonly now?: () => number;
}

export interface LoadReport {
  readonly acknowledged: number;
  readonly lost: number;
  readonly doubled: number;
  readonly troubles: readonly string[];
}

const stepMs = 20;
// A reporter waits up to 15 s between two attempts: a fault that lasts a second needs no such wait.
const longestWaitMs = 400;
const leastTimeoutMs = 9_000;
// While nothing is acknowledged, a run need not grow: each check reads all of it.
const maxQueued = 200;

/** Real reporters at work, each on a run of its own that a viewer watches, and what must be true of them. */
export class Load {
  readonly #lanes: Lane[];
  readonly #timer: NodeJS.Timeout;
  readonly #troubles = new Set<string>();
  readonly #key: string;
  readonly #url: string;
  #lost = 0;
  #doubled = 0;
  #isWatched = false;
  #isPaused = false;

  constructor({ reporters = 2, ...options }: Options) {
    this.#url = options.url;
    this.#key = options.key;
    this.#lanes = Array.from({ length: reporters }, (_, n) => new Lane(options, n));
    this.#timer = setInterval(() => {
      if (!this.#isPaused) for (const lane of this.#lanes) lane.report();
    }, stepMs);
  }

  get acknowledged(): number {
    return this.#lanes.reduce((sum, lane) => sum + lane.acknowledged, 0);
  }

  /** Of what was acknowledged before a check, the names that the check did not find. */
  get lost(): number {
    return this.#lost;
  }

  /** Resolves when every reporter has had more acknowledged, which must need no person. */
  async acknowledgedAfterNow(count: number): Promise<void> {
    const before = this.#lanes.map((lane) => lane.acknowledged);
    await until('reports are acknowledged', () =>
      this.#lanes.every((lane, n) => lane.acknowledged >= (before[n] ?? 0) + count),
    );
    if (this.#isWatched) return;
    this.#isWatched = true;
    for (const lane of this.#lanes) lane.watch((error) => this.#troubles.add(String(error)));
  }

  /** Reads what was stored, as a user does, and compares it with what was acknowledged. What is on its way goes on. */
  async check({ results = false } = {}): Promise<void> {
    this.#isPaused = true;
    for (const lane of this.#lanes) {
      const acknowledged = lane.namesAcknowledged().filter((name) => results || !name.startsWith(nameOf.anyResult));
      const { names, troubles } = await readRun(this.#url, this.#key, lane.runId, { results });
      const finding = check({ acknowledged, reported: new Set(lane.names), read: names });
      this.#lost += finding.lost.length;
      this.#doubled += finding.doubled.length;
      const said = describe(finding);
      for (const trouble of [...troubles, ...(said ? [said] : [])]) this.#troubles.add(`${lane.runId}: ${trouble}`);
    }
    this.#isPaused = false;
  }

  /** Ends the runs, delivers what is left, and checks it all once more, with viewers and accounts. */
  async finish(): Promise<LoadReport> {
    clearInterval(this.#timer);
    for (const lane of this.#lanes) for (const trouble of await lane.finish()) this.#troubles.add(trouble);
    await this.check({ results: true });
    for (const lane of this.#lanes) {
      const trouble = await lane.compareViewer(this.#url);
      if (trouble !== null) this.#troubles.add(`${lane.runId}: ${trouble}`);
    }
    return {
      acknowledged: this.acknowledged,
      lost: this.#lost,
      doubled: this.#doubled,
      troubles: [...this.#troubles],
    };
  }

  /** Ends it whatever state it is in. */
  async abandon(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#lanes.map((lane) => lane.abandon()));
  }
}

class Lane {
  readonly runId: string;
  /** What was reported, in order. The reporter sends in this order too, so what is acknowledged is the beginning of it. */
  readonly names: string[] = [];
  readonly #reporter: Reporter;
  readonly #key: string;
  readonly #viewer: ResumingViewer;
  #watching: Promise<void> | undefined;
  #step = 0;

  constructor({ url, key, folder, name, now = Date.now }: Options, n: number) {
    this.runId = `${name}-${n}`;
    this.#key = key;
    this.#reporter = createReporter({
      url,
      apiKey: key,
      name: this.runId,
      run_id: this.runId,
      spoolDir: join(folder, 'spool'),
      onProblem: () => {},
      clock: {
        now,
        schedule: (run, ms) => {
          const timer = setTimeout(run, ms < leastTimeoutMs ? Math.min(ms, longestWaitMs) : ms);
          return () => clearTimeout(timer);
        },
      },
    });
    this.#viewer = new ResumingViewer({ addresses: [url], runId: this.runId, key });
  }

  report(): void {
    if (this.#reporter.stats().queued > maxQueued) return;
    for (const fact of factsOf(this.#step++)) {
      this.#reporter.report(fact);
      this.names.push(nameOfFact(fact));
    }
  }

  /** Of the workload: `run_started` is the first of a reporter. */
  get acknowledged(): number {
    return Math.min(this.names.length, Math.max(0, this.#reporter.stats().acknowledged - 1));
  }

  namesAcknowledged = (): string[] => this.names.slice(0, this.acknowledged);

  watch(onError: (error: unknown) => void): void {
    this.#watching ??= this.#viewer.watch().catch(onError);
  }

  async finish(): Promise<string[]> {
    this.#reporter.runComplete({ status: 'complete' });
    await until('the rest is delivered', () => this.#reporter.stats().queued === 0);
    const stats = await this.#reporter.close({ timeoutMs: patienceMs });
    const { reported, acknowledged, rejected, dropped, queued } = stats;
    const isWhole = reported === acknowledged && rejected + dropped + queued === 0;
    return isWhole ? [] : [`${this.runId}: the account of the reporter is ${JSON.stringify(stats)}`];
  }

  /** What the viewer followed over all cuts against what the database says now. */
  async compareViewer(url: string): Promise<string | null> {
    if (!this.#watching) return null;
    try {
      const now = await snapshotOf(url, this.#key, this.runId);
      await until('the viewer is at the end', () => (this.#viewer.state?.seq ?? 0) >= now.seq);
      const after = this.#viewer.state?.seq === now.seq ? now : await snapshotOf(url, this.#key, this.runId);
      return differenceOf(this.#viewer.state as ViewerState, after);
    } catch (error) {
      return String(error);
    } finally {
      await this.#viewer.close();
      await this.#watching;
    }
  }

  async abandon(): Promise<void> {
    await this.#viewer.close();
    await this.#reporter.close({ timeoutMs: 0 });
  }
}

async function snapshotOf(url: string, key: string, runId: string): Promise<ViewerState> {
  const socket = await openSocket(`${url.replace('http', 'ws')}/ws/events?run_id=${runId}`, { key });
  const first: ServerMessage = await socket.next();
  await socket.close();
  if (first.type !== 'snapshot') throw new Error(`a new viewer was sent a ${first.type}`);
  return fromSnapshot(first);
}

function differenceOf(seen: ViewerState, truth: ViewerState): string | null {
  const plain = (state: ViewerState) => JSON.parse(JSON.stringify(state)) as Record<string, unknown>;
  const [ours, theirs] = [plain(seen), plain(truth)];
  const different = Object.keys(theirs).filter((name) => !isDeepStrictEqual(ours[name], theirs[name]));
  return different.length === 0 ? null : `the viewer and the database differ in ${different.join(', ')}`;
}

interface Read {
  readonly names: string[];
  /** What does not add up. */
  readonly troubles: string[];
}

/** Everything of a run through the API, by name. The results of clients cost a request for each round. */
export async function readRun(url: string, key: string, runId: string, { results = true } = {}): Promise<Read> {
  const run = await readRondo(url, key).run(runId);
  const names: string[] = [];
  const troubles: string[] = [];
  for await (const { step, value } of run.series('progress')) names.push(nameOf.point(step, value));
  for await (const { message } of run.logs()) names.push(nameOf.line(message));
  for await (const round of run.rounds()) {
    names.push(nameOf.round(round.round));
    if (round.status === 'complete') names.push(nameOf.end(round.round));
    const { selected, ...parts } = accountOf(round as never);
    const sum = Object.values(parts).reduce((total, part) => total + part, 0);
    if (sum !== selected) troubles.push(`round ${round.round} selected ${selected} and has parts for ${sum}`);
  }
  if (!results) return { names, troubles };
  for await (const { round, client_id, outcome, train_loss } of run.updates())
    if (outcome === 'complete') names.push(nameOf.result(round, client_id, train_loss));
  return { names, troubles };
}
