import { type BatchMessage, closeCodes, runIdSchema } from '@rondo/protocol';
import { describe, expect, it } from 'vitest';
import { makeRun } from '../../testing/facts.ts';
import { makeLive, settle, type TestViewer } from '../../testing/live-rig.ts';
import { viewed } from '../../testing/socket-pair.ts';

/** A run with a client and one viewer. */
async function makeWatched() {
  const live = makeLive();
  const run = makeRun();
  live.publish([run.say('client_joined', { client_id: 'a' })]);
  const viewer = live.open();
  await settle();
  return { ...live, run, viewer };
}

const isIn = (status: 'training' | 'uploading' | 'idle', client_id = 'a') => ({ client_id, status }) as const;
const kb = 1024;

const batches = (texts: readonly string[]): BatchMessage[] =>
  texts.map((text) => JSON.parse(text)).filter(({ type }) => type === 'batch');
const eventsOf = (texts: readonly string[]) =>
  batches(texts).map(({ events }) =>
    events.map(({ type, data }) => [type, 'client_id' in data ? data.client_id : null]),
  );
const runIdsOf = ({ socket }: TestViewer) => socket.deliver().map((text) => JSON.parse(text).run_id);

describe('the first message', () => {
  it('[S3] is a snapshot of the newest run', async () => {
    const live = makeLive();
    const [older, newer] = [makeRun(), makeRun()];
    for (const run of [older, newer]) live.publish([run.say('client_joined', { client_id: 'a' })]);
    const { socket } = live.open();
    await settle();
    const texts = socket.deliver();
    expect(texts).toHaveLength(1);
    expect(viewed(texts)).toEqual(live.truth(newer.id));
  });

  it('[S3] is a snapshot of the run that the viewer picked', async () => {
    const live = makeLive();
    const [older, newer] = [makeRun(), makeRun()];
    for (const run of [older, newer]) live.publish([run.say('client_joined', { client_id: 'a' })]);
    const viewer = live.open({ runId: older.id });
    await settle();
    expect(runIdsOf(viewer)).toEqual([older.id]);
  });

  it('[S3] is an empty snapshot while there is no run, and the first run follows by itself', async () => {
    const live = makeLive();
    const { socket } = live.open();
    await settle();
    expect(viewed(socket.deliver()).run).toBeNull();
    const run = makeRun();
    await live.commit(run.say('client_joined', { client_id: 'a' }));
    expect(viewed(socket.deliver())).toEqual(live.truth(run.id));
  });

  it('[S3] the run’s follows when the first run starts while the viewer receives that there is none', async () => {
    const live = makeLive();
    live.source.hold(true);
    const viewer = live.open();
    live.source.look();
    const run = makeRun();
    live.publish([run.say('client_joined', { client_id: 'a' })]);
    while (live.source.waitingReads > 0) {
      live.source.release();
      await settle();
    }
    expect(runIdsOf(viewer).at(-1)).toBe(run.id);
  });

  it('[S11] never comes for a run that does not exist: 4004', async () => {
    const live = makeLive();
    const { socket } = live.open({ runId: runIdSchema.parse('no-such-run') });
    await settle();
    expect(socket.closes).toEqual([{ code: closeCodes.runNotFound, reason: 'no such run' }]);
    expect(socket.inFlight).toEqual([]);
  });
});

describe('which run', () => {
  it('follows when a newer one starts', async () => {
    const { commit, viewer, run } = await makeWatched();
    const newer = makeRun();
    await commit(newer.say('client_joined', { client_id: 'a' }));
    await commit(run.say('client_joined', { client_id: 'b' }));
    await commit(newer.say('client_joined', { client_id: 'b' }));
    expect(runIdsOf(viewer)).toEqual([run.id, newer.id, newer.id]);
  });

  it.each([
    ['a snapshot', {}],
    ['the changes', { epoch: 'epoch-1', seq: 1 }],
  ])(
    'follows when a newer one starts while %s of the older is being read, and shows only the newer',
    async (_, known) => {
      const { source, publish, open, run } = await makeWatched();
      publish([run.say('client_joined', { client_id: 'b' })]);
      source.hold(true);
      const viewer = open(known);
      source.release(); // which run is the newest
      await settle();
      const newer = makeRun();
      publish([newer.say('client_joined', { client_id: 'a' })]);
      source.release(1); // which run is the newest, once more
      await settle();
      while (source.waitingReads > 0) {
        source.release();
        await settle();
      }
      expect(runIdsOf(viewer)).toEqual([newer.id]);
      expect(viewer.socket.isClosed).toBe(false);
    },
  );

  it('stays with the run that the viewer picked', async () => {
    const { commit, open, run } = await makeWatched();
    const picked = open({ runId: run.id });
    await settle();
    await commit(makeRun().say('client_joined', { client_id: 'a' }));
    await commit(run.say('client_joined', { client_id: 'b' }));
    expect(runIdsOf(picked)).toEqual([run.id, run.id]);
  });

  it('[S11] a deleted run moves followers to the newest run and closes viewers that named it with 4004', async () => {
    const { hub, source, commit, open, viewer, run } = await makeWatched();
    const older = makeRun();
    await commit(older.say('client_joined', { client_id: 'a' }));
    const newest = makeRun();
    await commit(newest.say('client_joined', { client_id: 'a' }));
    const picked = open({ runId: newest.id });
    await settle();
    viewer.socket.deliver();
    source.delete(newest.id);
    hub.forgetRun(newest.id);
    await settle();
    expect(picked.socket.closes).toEqual([{ code: closeCodes.runNotFound, reason: 'the run was deleted' }]);
    expect(runIdsOf(viewer)).toEqual([older.id]);
    expect(run.id).not.toBe(older.id);
  });

  it('a run that is reported again after it was deleted is followed from its beginning', async () => {
    const live = makeLive();
    const run = makeRun();
    for (const client_id of ['a', 'b', 'c']) await live.commit(run.say('client_joined', { client_id }));
    live.open({ runId: run.id });
    await settle();
    await live.commit(run.say('client_joined', { client_id: 'd' }));
    live.source.delete(run.id);
    // The socket of the viewer that named it is closing, but not closed yet.
    live.hub.forgetRun(run.id);
    await live.commit(run.say('client_joined', { client_id: 'e' }));
    const again = live.open({ runId: run.id });
    await settle();
    await live.commit(run.say('client_joined', { client_id: 'f' }));
    expect(viewed(again.socket.deliver())).toEqual(live.truth(run.id));
    expect(Object.keys(live.truth(run.id).clients)).toEqual(['e', 'f']);
  });
});

describe('a batch', () => {
  it('[S4] has each entity once, in its latest state, under the name of its beginning', async () => {
    const { publish, frame, viewer, run } = await makeWatched();
    viewer.socket.deliver();
    publish([run.say('log', { level: 'info', message: 'goes out at once' })]);
    publish([run.say('client_joined', { client_id: 'b' })]);
    publish([run.say('client_status', isIn('training', 'b'))]);
    publish([run.say('client_status', isIn('training'))]);
    publish([run.say('client_status', isIn('uploading', 'b'))]);
    expect(viewer.socket.deliver()).toHaveLength(1);
    frame();
    const texts = viewer.socket.deliver();
    expect(eventsOf(texts)).toEqual([
      [
        ['run_update', null],
        ['client_joined', 'b'],
        ['client_update', 'a'],
      ],
    ]);
    expect(batches(texts)[0]?.events[1]?.data).toMatchObject({ status: 'uploading' });
  });

  it('[S4] goes out at once after a quiet moment, and then 20 times a second at most', async () => {
    const { publish, advance, timers, viewer, run } = await makeWatched();
    viewer.socket.deliver();
    for (let commits = 0; commits < 10; commits++) publish([run.say('client_heartbeat', { client_id: 'a' })]);
    expect(viewer.socket.deliver()).toHaveLength(1);
    expect(timers).toHaveLength(1);
    advance(50);
    timers.splice(0)[0]?.();
    expect(viewer.socket.deliver()).toHaveLength(1);
    advance(50);
    publish([run.say('client_heartbeat', { client_id: 'a' })]);
    expect(viewer.socket.deliver()).toHaveLength(1);
  });

  it('[S5] begins where the one before ended', async () => {
    const { commit, truth, viewer, run } = await makeWatched();
    for (const client_id of ['b', 'c', 'd']) await commit(run.say('client_joined', { client_id }));
    const texts = viewer.socket.deliver();
    const chain = batches(texts);
    expect(chain).toHaveLength(3);
    for (const [index, { from_seq }] of chain.entries()) expect(from_seq).toBe(chain[index - 1]?.seq ?? 1);
    expect(viewed(texts)).toEqual(truth(run.id));
  });

  it('[S4] costs nothing while the run has no viewers', async () => {
    const live = makeLive();
    const run = makeRun();
    const committed = live.source.commit([run.say('client_joined', { client_id: 'a' })]);
    if (!committed) throw new Error('nothing was committed');
    live.hub.publish({
      ...committed,
      events: () => {
        throw new Error('created without a viewer');
      },
    });
    expect(live.timers).toEqual([]);
  });
});

describe('resuming', () => {
  it('[S5] sends exactly the changes since then, and nothing if there are none', async () => {
    const { hub, commit, open, truth, viewer, run } = await makeWatched();
    await commit(run.say('client_joined', { client_id: 'b' }));
    const known = viewed(viewer.socket.deliver());
    hub.leave(viewer.viewer);
    await commit(run.say('client_status', isIn('training')));
    const position = { epoch: known.epoch ?? '', seq: known.seq };
    const back = open(position);
    await settle();
    const texts = back.socket.deliver();
    expect(eventsOf(texts)).toEqual([[['client_update', 'a']]]);
    expect(viewed(texts, known)).toEqual(truth(run.id));
    const upToDate = open({ epoch: position.epoch, seq: truth(run.id).seq });
    await settle();
    expect(upToDate.socket.deliver()).toEqual([]);
    await commit(run.say('client_status', isIn('uploading')));
    expect(eventsOf(upToDate.socket.deliver())).toEqual([[['client_update', 'a']]]);
  });

  it.each([
    ['another epoch', { epoch: 'of another run', seq: 1 }],
    ['a seq from the future', { epoch: 'epoch-1', seq: 99 }],
    ['a seq without an epoch', { epoch: undefined, seq: 1 }],
  ])('[S5] with %s gets a new snapshot', async (_, position) => {
    const { open, truth, run } = await makeWatched();
    const { socket } = open(position);
    await settle();
    const texts = socket.deliver();
    expect(texts).toHaveLength(1);
    expect(viewed(texts)).toEqual(truth(run.id));
  });

  it('[S5] misses nothing that is committed while it reads', async () => {
    const { source, publish, frame, open, truth, run } = await makeWatched();
    source.hold(true);
    const late = open({ runId: run.id });
    source.look();
    publish([run.say('client_joined', { client_id: 'b' })]);
    frame();
    publish([run.say('client_joined', { client_id: 'c' })]);
    frame();
    while (source.waitingReads > 0) {
      source.release();
      await settle();
    }
    expect(viewed(late.socket.deliver())).toEqual(truth(run.id));
  });

  it('[S5] reads a commit that was never announced to this server instead of skipping it', async () => {
    const { source, commit, truth, viewer, run } = await makeWatched();
    await commit(run.say('client_joined', { client_id: 'b' }));
    source.commit([run.say('client_joined', { client_id: 'from another server' })]);
    await commit(run.say('client_joined', { client_id: 'c' }));
    expect(viewed(viewer.socket.deliver())).toEqual(truth(run.id));
  });
});

describe('a commit of another server', () => {
  /** Watched here, written there: what is committed is rung by hand. */
  async function makeElsewhere() {
    const live = await makeWatched();
    const second = live.open();
    await settle();
    for (const { socket } of [live.viewer, second]) socket.deliver();
    const before = live.truth(live.run.id);
    const join = (client_id: string) => {
      const committed = live.source.commit([live.run.say('client_joined', { client_id })]);
      if (!committed) throw new Error('nothing was committed');
      return committed;
    };
    const expectTruth = () => {
      for (const { socket } of [live.viewer, second]) {
        expect(viewed(socket.received.slice(1), before)).toEqual(live.truth(live.run.id));
      }
    };
    return { ...live, second, join, expectTruth, deliver: () => [live.viewer, second].map((v) => v.socket.deliver()) };
  }

  it('[D2] is read once for all viewers, and sent as one batch', async () => {
    const { hub, source, join, deliver, expectTruth } = await makeElsewhere();
    const ring = join('b');
    source.hold(true);
    hub.publishRemote(ring);
    expect(source.waitingReads).toBe(1);
    source.release();
    await settle();
    const [one, other] = deliver();
    expect(batches(one ?? [])).toMatchObject([{ from_seq: 1, seq: 2 }]);
    expect(other).toEqual(one);
    expectTruth();
  });

  it('[D2] that is announced during a read is read after it', async () => {
    const { hub, source, join, frame, deliver, expectTruth } = await makeElsewhere();
    source.hold(true);
    hub.publishRemote(join('b'));
    source.look();
    hub.publishRemote(join('c'));
    source.hold(false);
    source.release();
    await settle();
    frame();
    await settle();
    deliver();
    expectTruth();
  });

  it('[D2] in between commits of this server leaves no hole, however the two alternate', async () => {
    const { hub, publish, run, join, frame, deliver, expectTruth } = await makeElsewhere();
    for (let turn = 0; turn < 5; turn++) {
      const ring = join(`there-${turn}`);
      publish([run.say('client_joined', { client_id: `here-${turn}` })]);
      hub.publishRemote(ring);
      frame();
      await settle();
      deliver();
    }
    frame();
    await settle();
    deliver();
    expectTruth();
  });

  it('[D2] costs nothing if it is known already or the run has no viewers', async () => {
    const { hub, source, run } = await makeElsewhere();
    source.hold(true);
    hub.publishRemote({ run_id: run.id, epoch: 'epoch-1', seq: 1, is_new_run: false });
    const unwatched = source.commit([makeRun().say('client_joined', { client_id: 'a' })]);
    if (unwatched) hub.publishRemote({ ...unwatched, is_new_run: false });
    expect(source.waitingReads).toBe(0);
  });

  it('[D2] is read again a second later when the database does not respond, and no viewer is closed', async () => {
    const { hub, source, errors, join, timers, viewer, deliver, expectTruth } = await makeElsewhere();
    source.hold(true);
    hub.publishRemote(join('b'));
    source.break();
    await settle();
    expect(errors).toHaveLength(1);
    expect(timers).toHaveLength(1);
    source.hold(false);
    for (const run of timers.splice(0)) run();
    await settle();
    deliver();
    expectTruth();
    expect(viewer.socket.isClosed).toBe(false);
  });

  it('[D3] that was not announced is found when the connection is back', async () => {
    const { hub, join, deliver, expectTruth } = await makeElsewhere();
    join('b');
    hub.checkAll();
    await settle();
    deliver();
    expectTruth();
  });

  it('[S9] that starts a run moves followers; the newest run is queried, not taken from the message', async () => {
    const { hub, source, run, viewer, open } = await makeElsewhere();
    const picked = open({ runId: run.id });
    await settle();
    const [older, newer] = [makeRun(), makeRun()].map((made) => {
      const committed = source.commit([made.say('client_joined', { client_id: 'a' })]);
      if (!committed) throw new Error('nothing was committed');
      return committed;
    });
    if (!older || !newer) throw new Error('two runs');
    hub.publishRemote(newer);
    hub.publishRemote(older);
    await settle();
    expect(runIdsOf(viewer)).toEqual([newer.run_id]);
    expect(runIdsOf(picked)).toEqual([run.id]);
  });

  it('[S9] that starts a run while the database does not answer is found by the tick', async () => {
    const { hub, source, viewer } = await makeElsewhere();
    const newer = source.commit([makeRun().say('client_joined', { client_id: 'a' })]);
    if (!newer) throw new Error('nothing was committed');
    source.hold(true);
    hub.publishRemote(newer);
    source.break();
    source.hold(false);
    await settle();
    hub.tick();
    await settle();
    expect(runIdsOf(viewer)).toEqual([newer.run_id]);
  });

  it('[D3] a deletion that was not announced moves followers and closes viewers that named the run', async () => {
    const { hub, source, run, commit, open, viewer } = await makeElsewhere();
    const other = makeRun();
    await commit(other.say('client_joined', { client_id: 'a' }));
    const picked = open({ runId: other.id });
    await settle();
    viewer.socket.deliver();
    source.delete(other.id);
    hub.checkAll();
    await settle();
    expect(picked.socket.closes.map(({ code }) => code)).toEqual([closeCodes.runNotFound]);
    expect(runIdsOf(viewer)).toEqual([run.id]);
  });

  it('[D3] a run that was deleted and reported again unannounced starts with a new snapshot', async () => {
    const { source, run, publish, truth, viewer, second } = await makeElsewhere();
    source.delete(run.id);
    publish([run.say('client_joined', { client_id: 'z' })]);
    await settle();
    for (const { socket } of [viewer, second]) expect(viewed(socket.deliver())).toEqual(truth(run.id));
  });
});

describe('the figures', () => {
  it('say what became of the changes: sent, collapsed into a newer one, or left to the database', async () => {
    const { publish, frame, hub, source, viewer, run } = await makeWatched();
    const grown = async (act: () => void) => {
      const before = { ...hub.counts };
      act();
      await settle();
      const { sent, collapsed, dropped } = hub.counts;
      return [sent - before.sent, collapsed - before.collapsed, dropped - before.dropped];
    };
    const log = (message: string) => run.say('log', { level: 'info', message });
    const collapsing = () => {
      publish([log('goes out at once')]);
      publish([run.say('client_status', isIn('training'))]);
      publish([run.say('client_status', isIn('uploading'))]);
      frame();
    };
    expect(await grown(collapsing)).toEqual([2, 1, 0]);
    const holed = () => {
      publish([log('waits for the next frame')]);
      source.commit([log('is not announced')]);
      publish([log('comes after a hole')]);
    };
    expect(await grown(holed)).toEqual([0, 0, 1]);
    expect(await grown(frame)).toEqual([3, 0, 1]);
    expect(hub.lagging).toBe(0);
    viewer.socket.stuckBytes = 300 * kb;
    frame();
    publish([log('is too much for this viewer')]);
    expect(hub.lagging).toBe(1);
  });
});

describe('a slow viewer', () => {
  it('[S6] queues nothing, delays no other viewer, and reads what it missed once it has drained', async () => {
    const { commit, open, hub, truth, viewer, run } = await makeWatched();
    const slow = open();
    await settle();
    slow.socket.deliver();
    slow.socket.stuckBytes = 300 * kb;
    for (const client_id of ['b', 'c', 'd']) await commit(run.say('client_joined', { client_id }));
    expect(slow.socket.inFlight).toEqual([]);
    const quick = viewed(viewer.socket.deliver());
    expect(quick).toEqual(truth(run.id));
    hub.tick();
    await settle();
    expect(slow.socket.inFlight).toEqual([]);
    slow.socket.stuckBytes = 0;
    hub.tick();
    await settle();
    const missed = slow.socket.deliver();
    expect(batches(missed)).toHaveLength(1);
    expect(viewed([...slow.socket.received])).toEqual(quick);
  });

  it('[S6] that has drained goes on with the next frame, without waiting for the tick', async () => {
    const { commit, truth, viewer, run } = await makeWatched();
    viewer.socket.stuckBytes = 300 * kb;
    await commit(run.say('client_joined', { client_id: 'b' }));
    viewer.socket.stuckBytes = 0;
    await commit(run.say('client_joined', { client_id: 'c' }));
    expect(viewed(viewer.socket.deliver())).toEqual(truth(run.id));
  });
});

describe('[S12] [H3] a run with many clients', () => {
  async function makeLarge() {
    const live = makeLive();
    live.source.pageClients = 3;
    live.source.maxChanges = 6;
    const run = makeRun();
    const join = (n: number) => run.say('client_joined', { client_id: `client-${n}` });
    for (let n = 0; n < 10; n += 2) live.publish([join(n), join(n + 1)]);
    live.publish([run.say('log', { level: 'info', message: 'said once' })]);
    return { ...live, run, join };
  }

  /** The texts until nothing more comes, and how many were under way at most. */
  async function readAll({ socket }: TestViewer, meanwhile: () => void = () => {}) {
    const texts: string[] = [];
    let most = 0;
    for (let turn = 0; turn < 50; turn++) {
      await settle();
      most = Math.max(most, socket.inFlight.length);
      texts.push(...socket.deliver());
      if (turn < 5) meanwhile();
    }
    return { texts, most };
  }

  it('is a snapshot without clients, then their pages, each when the one before was taken', async () => {
    const live = await makeLarge();
    const { texts, most } = await readAll(live.open());
    const [snapshot, ...pages] = texts.map((text) => JSON.parse(text));
    expect(snapshot).toMatchObject({ type: 'snapshot', seq: 0, complete_at: 6, data: { clients: [], logs: [{}] } });
    expect(pages.map(({ events }) => events.length)).toEqual([2, 2, 2, 2, 2]);
    expect(most).toBe(1);
    expect(viewed(texts)).toEqual(live.truth(live.run.id));
  });

  it('shows what changes meanwhile, and goes on live', async () => {
    const live = await makeLarge();
    let n = 4;
    const change = () =>
      void live.publish([live.join(n++), live.run.say('client_heartbeat', { client_id: 'client-9' })]);
    const viewer = live.open();
    const { texts } = await readAll(viewer, change);
    expect(viewed(texts)).toEqual(live.truth(live.run.id));
    await live.commit(live.join(99));
    expect(viewed([...viewer.socket.received, ...viewer.socket.deliver()])).toEqual(live.truth(live.run.id));
  });

  it('goes on where a connection was cut, at any page', async () => {
    const live = await makeLarge();
    const { texts } = await readAll(live.open());
    for (let cut = 1; cut < texts.length; cut++) {
      const { epoch, seq } = viewed(texts.slice(0, cut));
      const rest = await readAll(live.open({ runId: live.run.id, epoch: epoch ?? undefined, seq }));
      expect(viewed([...texts.slice(0, cut), ...rest.texts])).toEqual(live.truth(live.run.id));
    }
  });

  it('closes a viewer that takes a page for longer than a minute', async () => {
    const live = await makeLarge();
    const { socket } = live.open();
    await settle();
    for (const ms of [0, 59_000, 2_000]) {
      expect(socket.closes).toEqual([]);
      live.advance(ms);
      live.hub.tick();
    }
    expect(socket.closes).toEqual([{ code: closeCodes.slow, reason: 'reads too slowly' }]);
    expect(socket.inFlight.filter((text) => text.startsWith('{'))).toHaveLength(1);
  });
});

describe('the end', () => {
  it('Missing finally on WS disconnect: EventBus memory leak', async () => {
    const { hub, source, commit, open, publish, frame, viewer, run } = await makeWatched();
    source.hold(true);
    const reading = open({ runId: run.id });
    const asking = open();
    source.hold(false);
    await commit(run.say('client_joined', { client_id: 'b' }));
    publish([run.say('client_joined', { client_id: 'c' })]);
    for (const each of [viewer, reading, asking]) hub.leave(each.viewer);
    expect(hub.size).toBe(0);
    while (source.waitingReads > 0) source.release();
    await settle();
    frame();
    hub.tick();
    // No viewer is left to publish to.
    const committed = source.commit([run.say('client_joined', { client_id: 'd' })]);
    if (!committed) throw new Error('nothing was committed');
    let asked = 0;
    hub.publish({ ...committed, events: () => [asked++] as never });
    expect(asked).toBe(0);
    expect(hub.size).toBe(0);
    for (const { socket } of [reading, asking]) expect(socket.inFlight).toEqual([]);
  });

  it('an error of the database closes, with 1011, the session that it struck', async () => {
    const { source, errors, commit, open, truth, viewer, run } = await makeWatched();
    source.hold(true);
    const struck = open({ runId: run.id });
    source.break();
    source.hold(false);
    await settle();
    expect(struck.socket.closes.map(({ code }) => code)).toEqual([closeCodes.internalError]);
    expect(errors).toHaveLength(1);
    await commit(run.say('client_joined', { client_id: 'b' }));
    expect(viewer.socket.isClosed).toBe(false);
    expect(viewed(viewer.socket.deliver())).toEqual(truth(run.id));
  });

  it('[S8] a sign-in that ends closes its sessions with 4001, and no other', async () => {
    const { hub, open, viewer } = await makeWatched();
    const other = open({}, 'another sign-in');
    hub.closeSignIn('another sign-in');
    expect(other.socket.closes.map(({ code }) => code)).toEqual([closeCodes.unauthorized]);
    expect(viewer.socket.isClosed).toBe(false);
  });

  it('[S8] a sign-in that ended elsewhere is found by asking; one that cannot be asked about stays', async () => {
    const { hub, open, errors, viewer } = await makeWatched();
    const other = open({}, 'another sign-in');
    await hub.recheck(async (id) => {
      if (id === 'another sign-in') return false;
      throw new Error('the database is away');
    });
    expect(other.socket.closes.map(({ code }) => code)).toEqual([closeCodes.unauthorized]);
    expect(viewer.socket.isClosed).toBe(false);
    expect(errors).toHaveLength(1);
  });

  it('[S7] a viewer that answers nothing is pinged twice and ended by the tick', async () => {
    const { hub, advance, viewer } = await makeWatched();
    viewer.socket.deliver();
    for (let turn = 0; turn < 3; turn++) {
      advance(30_000);
      hub.tick();
    }
    expect(viewer.socket.deliver()).toEqual(['ping', 'ping']);
    expect(viewer.socket.closes.map(({ code }) => code)).toEqual([closeCodes.silent]);
  });

  it('a restart says goodbye to everyone', async () => {
    const { hub, open, viewer } = await makeWatched();
    const other = open();
    hub.closeAll(closeCodes.goingAway, 'the server is restarting');
    for (const { socket } of [viewer, other])
      expect(socket.closes).toEqual([{ code: 1001, reason: 'the server is restarting' }]);
  });
});
