import { type CloseCode, closeCodes, type ProjectId, type RunId } from '@rondo/protocol';
import type { Visible } from '../db/queries/projects.ts';
import type { SerializedBatch } from './serialized-batch.ts';

/** The part of a socket that a viewer needs; the tests use one in memory. */
export interface Socket {
  /** Bytes accepted by `send` that the network has not taken yet. */
  readonly bufferedAmount: number;
  send(text: string): void;
  /** Sends a large text; resolves when the network has taken it, or the socket has closed. */
  deliver(text: string): Promise<void>;
  close(code: CloseCode, reason: string): void;
  /** Closes without a handshake, for a peer that does not respond. */
  terminate(): void;
}

/** The run that a viewer asks for, and the position that it already has. */
export interface Subscription {
  /** Undefined: follow the newest run. */
  readonly runId: RunId | undefined;
  readonly epoch: string | undefined;
  readonly seq: number | undefined;
}

export interface Position {
  readonly epoch: string;
  readonly seq: number;
}

/** One attempt to catch up. A later attempt replaces it. */
export interface CatchUp {
  readonly name: 'catching_up';
  readonly runId: RunId;
  readonly epoch: string | undefined;
  readonly seq: number | undefined;
}

/**
 *   waiting ──first run──▶ catching_up ──rows read──▶ live ──reads too slowly──▶ lagging
 *                              ▲                        │ gap, newer run           │ drained
 *                              └────────────────────────┴──────────────────────────┘
 *   any ──▶ closed
 */
type ViewerState =
  | { readonly name: 'waiting' }
  | CatchUp
  | { readonly name: 'live'; readonly runId: RunId; readonly epoch: string; readonly seq: number }
  | {
      readonly name: 'lagging';
      readonly runId: RunId;
      readonly epoch: string;
      readonly seq: number;
      readonly since: number;
    }
  | { readonly name: 'closed' };

/** The server queues nothing per viewer: past this, the viewer waits and later reads the database. [S6] */
const highWaterBytes = 256 * 1024;
const lowWaterBytes = 32 * 1024;
/** A viewer that cannot read one message in this time is considered lost. */
const maxLagMs = 60_000;
const silenceMs = 30_000;
const maxMissedPings = 2;

/** The sign-in that opened a socket, and the projects that it may see. */
export interface SocketOwner {
  readonly signInId: string;
  readonly userId: string | null;
  readonly visible: Visible;
  /** Whether it shows alerts. */
  readonly wantsAlerts?: boolean;
}

/** One open socket. Its state changes only here. */
export class Viewer {
  readonly socket: Socket;
  /** The sign-in or API key that opened the socket. The viewer is closed when it ends. */
  readonly signInId: string;
  /** Null for an API key. */
  readonly userId: string | null;
  /** The projects whose runs it may see; null means all. */
  visible: Visible;
  /** The project of the run that it watches, once that was read. */
  project: ProjectId | undefined;
  readonly followsNewest: boolean;
  readonly wantsAlerts: boolean;
  #state: ViewerState = { name: 'waiting' };
  #receivedAt: number;
  #pings = 0;
  /** The page that the network has not taken yet, and since when it is known to wait. */
  #page: { since: number | undefined } | undefined;

  sees(project: ProjectId | undefined): boolean {
    return this.visible === null || (project !== undefined && this.visible.includes(project));
  }

  constructor(socket: Socket, owner: SocketOwner, { runId }: Subscription, now: number) {
    const { signInId, userId, visible, wantsAlerts = false } = owner;
    this.socket = socket;
    this.signInId = signInId;
    this.userId = userId;
    this.visible = visible;
    this.followsNewest = runId === undefined;
    this.wantsAlerts = wantsAlerts;
    this.#receivedAt = now;
  }

  get state(): ViewerState {
    return this.#state;
  }

  /** The run that the viewer watches or is about to. */
  get runId(): RunId | undefined {
    return 'runId' in this.#state ? this.#state.runId : undefined;
  }

  /** Returns to the state before any run was found. */
  wait(): void {
    this.#state = { name: 'waiting' };
  }

  startCatchUp(runId: RunId, epoch?: string, seq?: number): CatchUp {
    const attempt: CatchUp = { name: 'catching_up', runId, epoch, seq };
    this.#state = attempt;
    return attempt;
  }

  /** False once the viewer was closed or another attempt began. */
  isCatchingUp(attempt: CatchUp): boolean {
    return this.#state === attempt;
  }

  /** Sends one page of a large run. The next one may follow when this resolves. [S12] */
  async sendPage(text: string): Promise<void> {
    const page = { since: undefined };
    this.#page = page;
    await this.socket.deliver(text);
    if (this.#page === page) this.#page = undefined;
  }

  /** Closes a viewer that takes too long for one page. */
  checkPage(now: number): void {
    if (!this.#page) return;
    this.#page.since ??= now;
    if (now - this.#page.since > maxLagMs) this.close(closeCodes.slow, 'reads too slowly');
  }

  /** The attempt succeeded: from here on the viewer receives batches. */
  goLive({ runId }: CatchUp, { epoch, seq }: Position): void {
    this.#state = { name: 'live', runId, epoch, seq };
  }

  /** The socket has closed, whatever the cause. */
  end(): void {
    this.#state = { name: 'closed' };
  }

  receive(text: string, now: number): void {
    this.#receivedAt = now;
    this.#pings = 0;
    // A viewer that sends without reading must not make pongs pile up.
    if (text === 'ping' && this.socket.bufferedAmount < highWaterBytes) this.socket.send('pong');
  }

  /** Sends what is beside the run; a viewer that reads too slowly does not get it. [S6] */
  show(text: string): void {
    if (this.#state.name !== 'closed' && this.socket.bufferedAmount < highWaterBytes) this.socket.send(text);
  }

  /** Sends the batch if it starts at or before the viewer's position. Returns true if the viewer must catch up instead. */
  deliver(batch: SerializedBatch, fromSeq: number, now: number): boolean {
    const state = this.#state;
    if (state.name !== 'live' || batch.seq <= state.seq) return false;
    if (state.seq < fromSeq) return true;
    if (this.socket.bufferedAmount > highWaterBytes) {
      this.#state = { ...state, name: 'lagging', since: now };
      return false;
    }
    this.socket.send(batch.text(state.seq));
    this.#state = { ...state, seq: batch.seq };
    return false;
  }

  /** True when a lagging viewer has drained and may catch up. Closes one that lagged for too long. */
  hasDrained(now: number): boolean {
    if (this.#state.name !== 'lagging') return false;
    if (now - this.#state.since > maxLagMs) {
      this.close(closeCodes.slow, 'reads too slowly');
      return false;
    }
    return this.socket.bufferedAmount <= lowWaterBytes;
  }

  /** Pings after 30 s of silence, and closes after two more silent periods. [S7] */
  checkSilence(now: number): void {
    if (now - this.#receivedAt < silenceMs * (this.#pings + 1)) return;
    if (this.#pings < maxMissedPings) {
      this.#pings += 1;
      this.socket.send('ping');
    } else {
      this.close(closeCodes.silent, 'no answer to two pings');
      this.socket.terminate();
    }
  }

  close(code: CloseCode, reason: string): void {
    if (this.#state.name === 'closed') return;
    this.#state = { name: 'closed' };
    this.socket.close(code, reason);
  }
}
