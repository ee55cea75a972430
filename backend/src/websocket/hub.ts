import { closeCodes, type EmptySnapshotMessage, type RunId } from '@rondo/protocol';
import type { Changes } from '../db/queries/live.ts';
import type { Committed } from '../ingest/event-bus.ts';
import { Collapsed, Frame } from './frame.ts';
import { Session, type Socket, type Wish } from './session.ts';

/** Where a hub reads what it has not seen pass by. */
export interface LiveSource {
  newestRunId(): Promise<RunId | undefined>;
  /** The snapshot as text, with its position. */
  snapshot(runId: RunId): Promise<{ epoch: string; seq: number; text: string } | undefined>;
  changes(runId: RunId, epoch: string, since: number): Promise<Changes | undefined>;
}

interface Channel {
  readonly sessions: Set<Session>;
  readonly pending: Collapsed;
  /** Where the pending changes begin and end; equal when nothing is pending. */
  fromSeq: number;
  seq: number;
  timer: unknown;
  flushedAt: number;
}

export interface HubOptions {
  readonly source: LiveSource;
  readonly now?: () => number;
  readonly setTimer?: (run: () => void, ms: number) => unknown;
  readonly onError?: (error: unknown) => void;
}

/** About 20 frames a second; a change after a quiet moment goes out at once. */
const frameMs = 50;
/** Beyond this many changed entities in one frame the database tells it shorter. */
const maxPending = 20_000;

/** Joins what is committed to who is watching. Holds no history: whoever misses something reads it from the database. */
export class Hub {
  readonly #source: LiveSource;
  readonly #now: () => number;
  readonly #setTimer: (run: () => void, ms: number) => unknown;
  readonly #onError: (error: unknown) => void;
  readonly #sessions = new Set<Session>();
  readonly #channels = new Map<RunId, Channel>();

  constructor({ source, now = Date.now, setTimer = (run, ms) => setTimeout(run, ms), onError = () => {} }: HubOptions) {
    this.#source = source;
    this.#now = now;
    this.#setTimer = setTimer;
    this.#onError = onError;
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
      if (!session.follows) session.close(closeCodes.runNotFound, 'the run was deleted');
      else {
        this.#detach(session);
        session.state = { name: 'waiting' };
        void this.#guard(session, this.#begin(session, { runId: undefined, epoch: undefined, seq: undefined }));
      }
    }
    // A new run of this id counts from the beginning again.
    this.#channels.delete(runId);
  }

  /** The doorbell. */
  publish(committed: Committed): void {
    if (committed.is_new_run) this.#moveFollowers(committed.run_id);
    const channel = this.#channels.get(committed.run_id);
    if (!channel || committed.seq <= channel.seq) return;
    // Without a commit in between, or before the first one seen here: only those who stand later than that may go on. [S5]
    if (committed.from_seq > channel.seq) {
      channel.pending.take();
      channel.fromSeq = committed.from_seq;
    }
    for (const event of committed.events()) channel.pending.add(event);
    channel.seq = committed.seq;
    if (channel.timer !== undefined) return;
    const wait = Math.max(0, channel.flushedAt + frameMs - this.#now());
    if (wait === 0) this.#flush(committed.run_id, channel);
    else channel.timer = this.#setTimer(() => this.#flush(committed.run_id, channel), wait);
  }

  /** Looks after slow and silent viewers; to be called about every second. */
  tick(): void {
    const now = this.#now();
    for (const session of [...this.#sessions]) {
      session.checkSilence(now);
      if (session.hasDrained(now)) this.#resume(session);
    }
  }

  #flush(runId: RunId, channel: Channel): void {
    channel.timer = undefined;
    channel.flushedAt = this.#now();
    const fromSeq = channel.fromSeq;
    channel.fromSeq = channel.seq;
    const isTooMuch = channel.pending.size > maxPending;
    const frame = new Frame(runId, channel.seq, channel.pending.take());
    for (const session of channel.sessions) {
      if (session.hasDrained(channel.flushedAt)) this.#resume(session);
      else if (isTooMuch || session.deliver(frame, fromSeq, channel.flushedAt)) this.#resume(session);
    }
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
    if (!stands) return session.close(closeCodes.runNotFound, 'no such run');
    session.state = { name: 'live', runId, ...stands };
    // What was sent to the others while this read was under way.
    if (stands.seq < channel.fromSeq) await this.#catchUp(session, runId, stands.epoch, stands.seq);
  }

  async #tell(
    { socket }: Session,
    { runId, epoch, seq }: { runId: RunId; epoch: string | undefined; seq: number | undefined },
    isWanted: () => boolean,
  ): Promise<{ epoch: string; seq: number } | undefined> {
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

  #moveFollowers(runId: RunId): void {
    for (const session of this.#sessions) {
      if (!session.follows || session.state.name === 'closed') continue;
      void this.#guard(session, this.#catchUp(session, runId, undefined, undefined));
    }
  }

  #attach(session: Session, runId: RunId): Channel {
    let channel = this.#channels.get(runId);
    if (channel?.sessions.has(session)) return channel;
    this.#detach(session);
    if (!channel) {
      channel = { sessions: new Set(), pending: new Collapsed(), fromSeq: 0, seq: 0, timer: undefined, flushedAt: 0 };
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
