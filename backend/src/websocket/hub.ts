import { type AlertNotice, type CloseCode, closeCodes, type RunId } from '@rondo/protocol';
import type { Committed, MovedRun, RemoteCommit } from '../bus/event-bus.ts';
import type { Visible } from '../db/queries/projects.ts';
import { emptySnapshot, sendMissing } from './catch-up.ts';
import { Channel, type ChannelDeps } from './channel.ts';
import type { LiveSource } from './live-source.ts';
import { NewestRun } from './newest-run.ts';
import type { ChangeCounts } from './pending-changes.ts';
import { type Socket, type SocketOwner, type Subscription, Viewer } from './viewer.ts';

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
    this.#newestRun = new NewestRun({ read: () => this.#readNewest(), onError });
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

  open(socket: Socket, owner: SocketOwner, subscription: Subscription): Viewer {
    const viewer = new Viewer(socket, owner, subscription, this.#now());
    this.#viewers.add(viewer);
    void this.#guard(viewer, this.#begin(viewer, subscription));
    return viewer;
  }

  /** Removes a viewer whose socket has closed, whatever the cause. */
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

  /** A run belongs to another project: viewers that do not see that one leave it at once. [O5] */
  moveRun({ run_id, project_id }: MovedRun): void {
    for (const viewer of [...(this.#channels.get(run_id)?.viewers ?? [])]) {
      viewer.project = project_id;
      if (!viewer.sees(project_id)) this.#leaveRun(viewer);
    }
    this.#newestRun.check();
  }

  /** A user is a member of other projects than before. [O5] */
  setVisible(userId: string, visible: Visible): void {
    for (const viewer of [...this.#viewers]) {
      if (viewer.userId !== userId || viewer.visible === null) continue;
      viewer.visible = visible;
      if (viewer.runId !== undefined && !viewer.sees(viewer.project)) this.#leaveRun(viewer);
    }
    this.#newestRun.check();
  }

  /** The users whose viewers do not see all projects. */
  get members(): ReadonlySet<string> {
    const ids = [...this.#viewers].flatMap(({ userId, visible }) => (userId !== null && visible ? [userId] : []));
    return new Set(ids);
  }

  /** To the pages that wait for alerts, of people who see the project. [E9] */
  showAlert(notice: AlertNotice): void {
    const text = JSON.stringify(notice);
    for (const viewer of this.#viewers) {
      if (viewer.wantsAlerts && viewer.sees(notice.project_id)) viewer.show(text);
    }
  }

  #leaveRun(viewer: Viewer): void {
    if (viewer.followsNewest) void this.#guard(viewer, this.#follow(viewer));
    else viewer.close(closeCodes.runNotFound, 'no such run');
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
    if (committed.is_new_run) this.#newestRun.check();
    this.#channels.get(committed.run_id)?.publish(committed);
  }

  /** Publishes a commit of another server, whose changes are only in the database. [D2] */
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
      viewer.checkPage(now);
      if (viewer.hasDrained(now)) this.#resume(viewer);
    }
    this.#newestRun.retry();
  }

  async #begin(viewer: Viewer, subscription: Subscription): Promise<void> {
    const runId = subscription.runId ?? (await this.#source.newestRunId(viewer.visible));
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

  /** Viewers that see the same projects follow the same run. */
  async #readNewest(): Promise<void> {
    const groups = Map.groupBy(this.#viewers, ({ visible }) => JSON.stringify(visible));
    for (const viewers of groups.values()) {
      const [first] = viewers;
      const runId = first && (await this.#source.newestRunId(first.visible));
      if (runId !== undefined) this.#moveFollowers(runId, (viewer) => viewers.includes(viewer));
    }
  }

  #moveFollowers(runId: RunId, isFor: (viewer: Viewer) => boolean): void {
    for (const viewer of this.#viewers) {
      if (!isFor(viewer)) continue;
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
