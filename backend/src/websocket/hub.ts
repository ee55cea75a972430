import { closeCodes, type EmptySnapshotMessage, type RunId } from '@rondo/protocol';
import type { Committed, RemoteCommit } from '../bus/event-bus.ts';
import type { Changes } from '../db/queries/live.ts';
import { Channel, type Position } from './channel.ts';
import { type ChangeCounts, Frame } from './frame.ts';
import { Session, type Socket, type Wish } from './session.ts';

/** Where a hub reads what it has not seen pass by. */
export interface LiveSource {
  newestRunId(): Promise<RunId | undefined>;
  /** The snapshot as text, with its position. */
  snapshot(runId: RunId): Promise<{ epoch: string; seq: number; text: string } | undefined>;
  changes(runId: RunId, epoch: string, since: number): Promise<Changes | undefined>;
}

export interface HubOptions {
  readonly source: LiveSource;
  readonly now?: () => number;
  readonly setTimer?: (run: () => void, ms: number) => unknown;
  readonly onError?: (error: unknown) => void;
}

/** About 20 frames a second; a change after a quiet moment goes out at once. */
const frameMs = 50;
/** Before the database is asked again after it failed. */
const retryMs = 1_000;

/** Joins what is committed to who is watching. Holds no history: whoever misses something reads it from the database. */
export class Hub {
  readonly counts: ChangeCounts = { sent: 0, collapsed: 0, dropped: 0 };
  readonly #source: LiveSource;
  readonly #now: () => number;
  readonly #setTimer: (run: () => void, ms: number) => unknown;
  readonly #onError: (error: unknown) => void;
  readonly #sessions = new Set<Session>();
  readonly #channels = new Map<RunId, Channel>();
  /** Whether another run may have become the newest. */
  #mustLook = false;
  #isLooking = false;

  constructor({ source, now = Date.now, setTimer = (run, ms) => setTimeout(run, ms), onError = () => {} }: HubOptions) {
    this.#source = source;
    this.#now = now;
    this.#setTimer = setTimer;
    this.#onError = onError;
  }

  /** Viewers that read too slowly and will catch up. */
  get lagging(): number {
    let count = 0;
    for (const { state } of this.#sessions) if (state.name === 'lagging') count += 1;
    return count;
  }

  get size(): number {
    return this.#sessions.size;
  }

  open(socket: Socket, authSessionId: string, wish: Wish): Session {
    const session = new Session(socket, authSessionId, wish, this.#now());
    this.#sessions.add(session);
    void this.#guard(session, this.#begin(session, wish));
    return session;
  }

  /** Forgets a session whose socket is gone, whatever ended it. */
  leave(session: Session): void {
    session.state = { name: 'closed' };
    this.#sessions.delete(session);
    this.#detach(session);
  }

  closeAll(code: Parameters<Session['close']>[0], reason: string): void {
    for (const session of [...this.#sessions]) session.close(code, reason);
  }

  closeWhere(isOver: (session: Session) => boolean): void {
    for (const session of [...this.#sessions]) {
      if (isOver(session)) session.close(closeCodes.unauthorized, 'the sign-in has ended');
    }
  }

  /** Ends the sessions whose sign-in is over by now. */
  async recheck(isActive: (authSessionId: string) => Promise<boolean>): Promise<void> {
    for (const id of new Set([...this.#sessions].map(({ authSessionId }) => authSessionId))) {
      try {
        if (!(await isActive(id))) this.closeWhere((session) => session.authSessionId === id);
      } catch (error) {
        this.#onError(error); // The database is away: the next turn asks again.
      }
    }
  }

  /** A run is gone: those who follow move to the newest, those who picked it are told. */
  forgetRun(runId: RunId): void {
    for (const session of [...(this.#channels.get(runId)?.sessions ?? [])]) {
      if (session.follows) void this.#guard(session, this.#follow(session));
      else session.close(closeCodes.runNotFound, 'the run was deleted');
    }
    // A new run of this id counts from the beginning again.
    this.#channels.delete(runId);
  }

  /** The doorbell: a commit of this server, with what it changed. */
  publish(committed: Committed): void {
    if (committed.is_new_run) {
      this.#moveFollowers(committed.run_id);
      this.#look();
    }
    const channel = this.#channels.get(committed.run_id);
    if (channel?.add(committed)) this.#schedule(committed.run_id, channel);
  }

  /** The doorbell: a commit of another server, whose changes are in the database. [D2] */
  publishRemote(commit: RemoteCommit): void {
    if (commit.is_new_run) this.#look();
    const channel = this.#channels.get(commit.run_id);
    if (channel?.addRemote(commit)) this.#schedule(commit.run_id, channel);
  }

  /** Rings may have been missed: the database tells what they were about. [D3] */
  checkAll(): void {
    this.#look();
    for (const [runId, channel] of this.#channels) {
      channel.heard = Number.POSITIVE_INFINITY;
      this.#schedule(runId, channel);
    }
  }

  /** Looks after slow and silent viewers; to be called about every second. */
  tick(): void {
    const now = this.#now();
    for (const session of [...this.#sessions]) {
      session.checkSilence(now);
      if (session.hasDrained(now)) this.#resume(session);
    }
    if (this.#mustLook) this.#look();
  }

  #schedule(runId: RunId, channel: Channel): void {
    if (channel.timer !== undefined || channel.isReading) return;
    const wait = Math.max(0, channel.flushedAt + frameMs - this.#now());
    if (wait === 0) this.#flush(runId, channel);
    else channel.timer = this.#setTimer(() => this.#flush(runId, channel), wait);
  }

  #flush(runId: RunId, channel: Channel): void {
    channel.timer = undefined;
    channel.flushedAt = this.#now();
    if (channel.lacksSomething) return void this.#read(runId, channel);
    const events = channel.pending.take();
    this.counts.sent += events.length;
    this.#send(channel, new Frame(runId, channel.seq, events));
    channel.moveTo(channel.seq);
  }

  /** Gives the frame to everybody who stands where the channel does. */
  #send(channel: Channel, frame: Frame): void {
    for (const session of channel.sessions) {
      const mustRead = session.hasDrained(channel.flushedAt) || session.deliver(frame, channel.sent, channel.flushedAt);
      if (mustRead) this.#resume(session);
    }
  }

  /** Reads what this server has not seen pass by, once for all who watch. */
  async #read(runId: RunId, channel: Channel): Promise<void> {
    const { epoch = '', sent, heard } = channel;
    channel.isReading = true;
    channel.heard = 0;
    try {
      const changes = await this.#source.changes(runId, epoch, sent);
      channel.isReading = false;
      if (channel.epoch === epoch && channel.sent === sent) {
        if (!changes) return this.#startOver(channel);
        if (changes.seq > sent) {
          this.counts.sent += changes.events.length;
          this.#send(channel, new Frame(runId, changes.seq, changes.events));
        }
        channel.moveTo(changes.seq);
      }
      if (channel.hasNews) this.#schedule(runId, channel);
    } catch (error) {
      this.#onError(error);
      channel.isReading = false;
      channel.heard = Math.max(channel.heard, heard);
      channel.timer = this.#setTimer(() => this.#flush(runId, channel), retryMs);
    }
  }

  /** Everybody reads for themselves, but for who just did. */
  #startOver(channel: Channel, landed?: Session): void {
    channel.reset();
    for (const session of channel.sessions) if (session !== landed) this.#resume(session);
  }

  async #begin(session: Session, wish: Wish): Promise<void> {
    const runId = wish.runId ?? (await this.#source.newestRunId());
    if (session.state.name !== 'waiting') return; // closed, or a first run came meanwhile
    if (runId === undefined) return void session.socket.send(emptySnapshot);
    await this.#catchUp(session, runId, wish.epoch, wish.seq);
  }

  /** Reads what the viewer lacks until it stands where the channel does. [S5] */
  async #catchUp(session: Session, runId: RunId, epoch: string | undefined, seq: number | undefined): Promise<void> {
    const token = { name: 'catching_up', runId, epoch, seq } as const;
    session.state = token;
    const channel = this.#attach(session, runId);
    const stands = await this.#tell(session, token, () => session.state === token);
    if (session.state !== token) return;
    if (!stands) return session.follows ? this.#follow(session) : session.close(closeCodes.runNotFound, 'no such run');
    session.state = { name: 'live', runId, ...stands };
    if (channel.epoch !== undefined && channel.epoch !== stands.epoch) this.#startOver(channel, session);
    // What was sent to the others while this read was under way.
    if (!channel.land(stands)) return this.#catchUp(session, runId, stands.epoch, stands.seq);
    if (channel.hasNews) this.#schedule(runId, channel);
  }

  async #tell(
    { socket }: Session,
    { runId, epoch, seq }: { runId: RunId; epoch: string | undefined; seq: number | undefined },
    isWanted: () => boolean,
  ): Promise<Position | undefined> {
    if (epoch !== undefined && seq !== undefined) {
      const changes = await this.#source.changes(runId, epoch, seq);
      if (!isWanted()) return undefined;
      if (changes) {
        if (changes.seq > seq) socket.send(new Frame(runId, changes.seq, changes.events).text(seq));
        return { epoch, seq: changes.seq };
      }
    }
    const snapshot = await this.#source.snapshot(runId);
    if (!isWanted() || !snapshot) return undefined;
    socket.send(snapshot.text);
    return { epoch: snapshot.epoch, seq: snapshot.seq };
  }

  #resume(session: Session): void {
    const { state } = session;
    if (state.name !== 'live' && state.name !== 'lagging') return;
    void this.#guard(session, this.#catchUp(session, state.runId, state.epoch, state.seq));
  }

  /** To the newest run, as if it had just come. */
  async #follow(session: Session): Promise<void> {
    this.#detach(session);
    session.state = { name: 'waiting' };
    await this.#begin(session, { runId: undefined, epoch: undefined, seq: undefined });
  }

  /** Asks which run is the newest: which server started it does not matter. [S9] */
  #look(): void {
    this.#mustLook = true;
    if (!this.#isLooking) void this.#moveToNewest();
  }

  async #moveToNewest(): Promise<void> {
    this.#isLooking = true;
    try {
      while (this.#mustLook) {
        this.#mustLook = false;
        const runId = await this.#source.newestRunId();
        if (runId !== undefined) this.#moveFollowers(runId);
      }
    } catch (error) {
      this.#mustLook = true; // The next tick asks again.
      this.#onError(error);
    } finally {
      this.#isLooking = false;
    }
  }

  #moveFollowers(runId: RunId): void {
    for (const session of this.#sessions) {
      const { state, follows } = session;
      if (!follows || state.name === 'closed' || ('runId' in state && state.runId === runId)) continue;
      void this.#guard(session, this.#catchUp(session, runId, undefined, undefined));
    }
  }

  #attach(session: Session, runId: RunId): Channel {
    let channel = this.#channels.get(runId);
    if (channel?.sessions.has(session)) return channel;
    this.#detach(session);
    if (!channel) {
      channel = new Channel(this.counts);
      this.#channels.set(runId, channel);
    }
    channel.sessions.add(session);
    return channel;
  }

  #detach(session: Session): void {
    for (const [runId, channel] of this.#channels) {
      if (channel.sessions.delete(session) && channel.sessions.size === 0) this.#channels.delete(runId);
    }
  }

  async #guard(session: Session, work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (error) {
      this.#onError(error);
      session.close(closeCodes.internalError, 'the server could not read the run; come back');
    }
  }
}

const empty: EmptySnapshotMessage = {
  type: 'snapshot',
  run_id: null,
  epoch: null,
  seq: 0,
  data: { run: null, rounds: [], clients: [], metrics_history: [], models: [], metrics: [], logs: [] },
};
const emptySnapshot = JSON.stringify(empty);
