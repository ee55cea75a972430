import { emptyViewerState, type RunId, type ViewerState } from '@rondo/protocol';
import { expect, it } from 'vitest';
import { makeRun, type TestRun } from '../../testing/facts.ts';
import { makeLive, settle, type TestLive, type TestViewer } from '../../testing/live-rig.ts';
import { makeRandom, type Random } from '../../testing/random.ts';
import { receive } from '../../testing/socket-pair.ts';
import type { RemoteCommit } from '../bus/event-bus.ts';
import type { Input } from '../ingest/state.ts';

const seeds = 200;
const steps = 60;
const statuses: ['training', 'uploading', 'offline'] = ['training', 'uploading', 'offline'];
const { RONDO_FUZZ_SEED: onlySeed } = process.env;

it(`[S5] whatever happens on the way, viewers end with what the database holds (${seeds} random stories)`, async () => {
  const first = onlySeed === undefined ? Date.now() % 1_000_000_000 : Number(onlySeed);
  const count = onlySeed === undefined ? seeds : 1;
  for (let seed = first; seed < first + count; seed++) {
    await story(seed).catch((cause: Error) => {
      throw new Error(`RONDO_FUZZ_SEED=${seed} repeats this run: ${cause.message}`, { cause });
    });
  }
}, 240_000);

/** A browser: it keeps its state when its connection drops, and comes back with its position. */
class Viewer {
  readonly #live: TestLive;
  readonly #runId: RunId | undefined;
  #connection: TestViewer | undefined;
  state: ViewerState = emptyViewerState;

  constructor(live: TestLive, runId: RunId | undefined) {
    this.#live = live;
    this.#runId = runId;
  }

  /** The run that it must show in the end. */
  target(newest: RunId | undefined): RunId | undefined {
    return this.#runId ?? newest;
  }

  connect(): void {
    if (this.#connection) return;
    const { epoch, seq } = this.state;
    const position = epoch === null ? {} : { epoch, seq };
    this.#connection = this.#live.open({ runId: this.#runId, ...position });
  }

  drop(): void {
    if (this.#connection) this.#live.hub.leave(this.#connection.viewer);
    this.#connection = undefined;
  }

  setSlow(isSlow: boolean): void {
    if (this.#connection) this.#connection.socket.stuckBytes = isSlow ? 300 * 1_024 : 0;
  }

  /** Delivers some of the messages in transit. A closed connection ends once all of them have arrived. */
  read(count?: number): void {
    const socket = this.#connection?.socket;
    if (!socket) return;
    for (const text of socket.deliver(count)) {
      const next = receive(this.state, text);
      if (next === 'gap') throw new Error(`a hole in one connection: at seq ${this.state.seq} came ${text}`);
      this.state = next;
    }
    if (socket.isClosed && socket.inFlight.length === 0) this.drop();
  }
}

/** Another server on the same database. */
class Elsewhere {
  readonly #live: TestLive;
  readonly #rings: RemoteCommit[] = [];

  constructor(live: TestLive) {
    this.#live = live;
  }

  commit(inputs: readonly Input[]): void {
    const committed = this.#live.source.commit(inputs);
    if (committed) this.#rings.push(committed);
  }

  ring(count: number): void {
    for (const ring of this.#rings.splice(0, count)) this.#live.hub.publishRemote(ring);
  }

  /** The line was down, and is up again. */
  lose(): void {
    this.#rings.length = 0;
    this.#live.hub.checkAll();
  }
}

type TestRuns = [TestRun, ...TestRun[]];

function newRun(runs: TestRuns): TestRun {
  const run = makeRun({ id: `run-${runs.length}` });
  runs.push(run);
  return run;
}

async function story(seed: number): Promise<void> {
  const random = makeRandom(seed);
  const live = makeLive();
  if (random.chance(0.5)) {
    // Runs are large, and come in pages. [S12]
    live.source.pageClients = 1 + random.below(3);
    live.source.maxChanges = 3 + random.below(6);
  }
  const start = makeRun({ id: 'run-0' });
  const runs: TestRuns = [start];
  const elsewhere = new Elsewhere(live);
  const unheard = new Set<TestRun>();
  const isLate = random.chance(0.2);
  if (!isLate) live.publish(someFacts(random, start));
  const viewers: [Viewer, ...Viewer[]] = [new Viewer(live, undefined), new Viewer(live, isLate ? undefined : start.id)];
  for (let more = random.below(3); more > 0; more--) viewers.push(new Viewer(live, undefined));
  for (let step = 0; step < steps; step++) {
    act(random, live, { runs, unheard, elsewhere }, random.pick(viewers));
    if (random.chance(0.7)) await settle();
  }
  elsewhere.ring(Number.POSITIVE_INFINITY);
  await comeToRest(live, unheard, viewers);
  const newest = await live.source.newestRunId(null);
  for (const viewer of viewers) {
    const target = viewer.target(newest);
    expect(viewer.state).toEqual(target === undefined ? emptyViewerState : live.truth(target));
  }
  for (const viewer of viewers) viewer.drop();
  expect(live.hub.size).toBe(0);
}

function act(
  random: Random,
  live: TestLive,
  { runs, unheard, elsewhere }: { runs: TestRuns; unheard: Set<TestRun>; elsewhere: Elsewhere },
  viewer: Viewer,
): void {
  const { source } = live;
  const facts = () => someFacts(random, random.pick(runs));
  const actions: [number, () => void][] = [
    [30, () => void live.publish(facts())],
    [12, () => live.frame()],
    [20, () => viewer.read(1 + random.below(3))],
    [6, () => viewer.drop()],
    [14, () => viewer.connect()],
    [5, () => viewer.setSlow(random.chance(0.5))],
    [6, () => live.hub.tick()],
    [6, () => live.advance(random.below(40))],
    // The database: how long it takes, when it looks, in which order it answers, and that it may be away.
    [5, () => source.hold(random.chance(0.7))],
    [10, () => source.look(random.below(source.waitingReads + 1))],
    [16, () => source.release(random.below(source.waitingReads + 1))],
    [1, () => source.break(random.below(source.waitingReads + 1))],
    // A commit that is not announced to this server, in a run that it knows.
    [
      1,
      () => {
        const run = random.pick(runs);
        if (source.snapshotNow(run.id) && source.commit(someFacts(random, run))) unheard.add(run);
      },
    ],
    // Another server's commits are announced later, in order; or get lost, and this server knows that it missed some.
    [15, () => void elsewhere.commit(facts())],
    [15, () => elsewhere.ring(1 + random.below(3))],
    [1, () => elsewhere.lose()],
    [1, () => void elsewhere.commit(someFacts(random, newRun(runs)))],
    [1, () => void live.publish(someFacts(random, newRun(runs)))],
  ];
  let ticket = random.below(actions.reduce((sum, [weight]) => sum + weight, 0));
  for (const [weight, action] of actions) {
    ticket -= weight;
    if (ticket < 0) return void action();
  }
}

/** Every viewer connected, every read done, every message delivered. The next commit reveals what was not announced. */
async function comeToRest(live: TestLive, unheard: Iterable<TestRun>, viewers: readonly Viewer[]): Promise<void> {
  live.source.hold(false);
  // A page at a time needs a round for each.
  for (let round = 0; round < (live.source.pageClients < 10 ? 12 : 6); round++) {
    while (live.source.waitingReads > 0) live.source.release();
    await settle();
    for (const viewer of viewers) {
      viewer.connect();
      viewer.setSlow(false);
      viewer.read();
    }
    if (round === 2) for (const run of unheard) live.publish([run.say('client_joined', { client_id: 'the last' })]);
    live.frame();
    live.hub.tick();
    await settle();
  }
  for (const viewer of viewers) viewer.read();
}

function someFacts(random: Random, run: TestRun): Input[] {
  const client_id = random.pick(['a', 'b', 'c', 'd']);
  const round = 1 + random.below(4);
  return Array.from({ length: 1 + random.below(3) }, () =>
    random.pick<() => Input>([
      () => run.say('client_joined', { client_id }),
      () => run.say('client_heartbeat', { client_id }),
      () => run.say('round_started', { round, client_ids: ['a', 'b', 'c'] }),
      () => run.say('client_result', { client_id, round, sample_count: 1, train_loss: round }),
      () => run.say('client_status', { client_id, status: random.pick(statuses) }),
      () => run.say('round_complete', { round, global_loss: random.below(9), global_accuracy: 0.5 }),
      () => run.say('metric', { name: 'lr', value: 0.1, step: random.below(20) }),
      () => run.say('log', { level: 'info', message: `line ${random.below(1_000)}` }),
    ])(),
  );
}
