import { type CloseCode, closeCodes, type EmptySnapshotMessage, type RunId } from '@rondo/protocol';
import type { Committed, RemoteCommit } from '../bus/event-bus.ts';
import { sendMissing } from './catch-up.ts';
import { Channel, type ChannelDeps } from './channel.ts';
import type { LiveSource } from './live-source.ts';
import { NewestRun } from './newest-run.ts';
import type { ChangeCounts } from './pending-changes.ts';
import { type Socket, type Subscription, Viewer } from './viewer.ts';

export interface HubOptions {
  readonly source: LiveSource;
  readonly now?: () => number;
  readonly setTimer?: (run: () => void, ms: number) => unknown;
  readonly onError?: (error: unknown) => void;
}

/** Registers viewers and gives each its run's channel. Keeps no history: what a viewer misses, it reads from the database. */
export class Hub {
  readonly counts: ChangeCounts = { sent: 0, collapsed: 0, dropped: 0 };
  readonly #source: LiveSource;
  readonly #now: () => number;
  readonly #onError: (error: unknown) => void;
  readonly #viewers = new Set<Viewer>();
  readonly #channels = new Map<RunId, Channel>();
  readonly #channelDeps: ChannelDeps;
  readonly #newestRun: NewestRun;

  constructor({ source, now = Date.now, setTimer = (run, ms) => setTimeout(run, ms), onError = () => {} }: HubOptions) {
    this.#source = source;
    this.#now = now;
    this.#onError = onError;
    const { counts } = this;
    this.#channelDeps = { source, counts, now, setTimer, onError, catchUp: (viewer) => this.#resume(viewer) };
    const read = () => source.newestRunId();
    this.#newestRun = new NewestRun({ read, onFound: (runId) => this.#moveFollowers(runId), onError });
  }

  /** Number of viewers that read too slowly and will catch up. */
  get lagging(): number {
    let count = 0;
    for (const { state } of this.#viewers) if (state.name === 'lagging') count += 1;
    return count;
  }

  get size(): number {
    return this.#viewers.size;
  }

  open(socket: Socket, signInId: string, subscription: Subscription): Viewer {
    const viewer = new Viewer(socket, signInId, subscription, this.#now());
    this.#viewers.add(viewer);
    void this.#guard(viewer, this.#begin(viewer, subscription));
    return viewer;
  }

  /** Forgets a viewer whose socket has closed, whatever the cause. */
  leave(viewer: Viewer): void {
    viewer.end();
    this.#viewers.delete(viewer);
    this.#detach(viewer);
  }

  closeAll(code: CloseCode, reason: string): void {
    for (const viewer of [...this.#viewers]) viewer.close(code, reason);
  }

  closeSignIn(signInId: string): void {
    for (const viewer of [...this.#viewers]) {
      if (viewer.signInId === signInId) viewer.close(closeCodes.unauthorized, 'the sign-in has ended');
    }
  }

  /** Closes the viewers whose sign-in has ended. */
  async recheck(isActive: (signInId: string) => Promise<boolean>): Promise<void> {
    for (const id of new Set([...this.#viewers].map(({ signInId }) => signInId))) {
      try {
        if (!(await isActive(id))) this.closeSignIn(id);
      } catch (error) {
        this.#onError(error); // The database is unreachable; the next recheck tries again.
      }
    }
  }

  /** A run was deleted: its followers move to the newest remaining run, other viewers are closed. [S11] */
  forgetRun(runId: RunId): void {
    for (const viewer of [...(this.#channels.get(runId)?.viewers ?? [])]) {
      if (viewer.followsNewest) void this.#guard(viewer, this.#follow(viewer));
      else viewer.close(closeCodes.runNotFound, 'the run was deleted');
    }
    // A new run with this id counts from the beginning.
    this.#channels.delete(runId);
  }

  /** Publishes a commit of this server, with its changes. */
  publish(committed: Committed): void {
    if (committed.is_new_run) {
      this.#moveFollowers(committed.run_id);
      this.#newestRun.check();
    }
    this.#channels.get(committed.run_id)?.publish(committed);
  }

  /** Publishes a commit of another server, whose changes are in the database. [D2] */
  publishRemote(commit: RemoteCommit): void {
    if (commit.is_new_run) this.#newestRun.check();
    this.#channels.get(commit.run_id)?.announce(commit);
  }

  /** Announcements may have been missed: every channel reads the database once. [D3] */
  checkAll(): void {
    this.#newestRun.check();
    for (const channel of this.#channels.values()) channel.check();
  }

  /** Checks for slow and silent viewers; to be called about every second. */
  tick(): void {
    const now = this.#now();
    for (const viewer of [...this.#viewers]) {
      viewer.checkSilence(now);
      if (viewer.hasDrained(now)) this.#resume(viewer);
    }
    this.#newestRun.retry();
  }

  async #begin(viewer: Viewer, subscription: Subscription): Promise<void> {
    const runId = subscription.runId ?? (await this.#source.newestRunId());
    if (viewer.state.name !== 'waiting') return; // It was closed, or a first run arrived.
    if (runId === undefined) return void viewer.socket.send(emptySnapshot);
    await this.#catchUp(viewer, { ...subscription, runId });
  }

  /** Reads what the viewer lacks until it has reached the channel's position. [S5] */
  async #catchUp(viewer: Viewer, { runId, epoch, seq }: Subscription & { readonly runId: RunId }): Promise<void> {
    const attempt = viewer.startCatchUp(runId, epoch, seq);
    const channel = this.#attach(viewer, runId);
    const position = await sendMissing(this.#source, viewer, attempt);
    if (!viewer.isCatchingUp(attempt)) return;
    if (position) {
      viewer.goLive(attempt, position);
      // The others may have received a batch during this read.
      if (!channel.join(viewer, position)) return this.#catchUp(viewer, { runId, ...position });
    } else if (viewer.followsNewest) return this.#follow(viewer);
    else viewer.close(closeCodes.runNotFound, 'no such run');
  }

  #resume(viewer: Viewer): void {
    const { state } = viewer;
    if (state.name === 'live' || state.name === 'lagging') void this.#guard(viewer, this.#catchUp(viewer, state));
  }

  /** Moves the viewer to the newest run, as if it had just connected. */
  async #follow(viewer: Viewer): Promise<void> {
    this.#detach(viewer);
    viewer.wait();
    await this.#begin(viewer, newestRun);
  }

  #moveFollowers(runId: RunId): void {
    for (const viewer of this.#viewers) {
      if (!viewer.followsNewest || viewer.state.name === 'closed' || viewer.runId === runId) continue;
      void this.#guard(viewer, this.#catchUp(viewer, { ...newestRun, runId }));
    }
  }

  #attach(viewer: Viewer, runId: RunId): Channel {
    const known = this.#channels.get(runId);
    if (known?.viewers.has(viewer)) return known;
    this.#detach(viewer);
    const channel = known ?? new Channel(runId, this.#channelDeps);
    this.#channels.set(runId, channel);
    channel.add(viewer);
    return channel;
  }

  #detach(viewer: Viewer): void {
    for (const [runId, channel] of this.#channels) {
      if (channel.remove(viewer) && channel.viewers.size === 0) this.#channels.delete(runId);
    }
  }

  async #guard(viewer: Viewer, work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (error) {
      this.#onError(error);
      viewer.close(closeCodes.internalError, 'the server could not read the run; come back');
    }
  }
}

const newestRun: Subscription = { runId: undefined, epoch: undefined, seq: undefined };

const empty: EmptySnapshotMessage = {
  type: 'snapshot',
  run_id: null,
  epoch: null,
  seq: 0,
  data: { run: null, rounds: [], clients: [], metrics_history: [], models: [], metrics: [], logs: [] },
};
const emptySnapshot = JSON.stringify(empty);
