import { type CloseCode, closeCodes, type RunId } from '@rondo/protocol';
import type { Frame } from './frame.ts';

/** The part of a socket that a session needs; the tests have one in memory. */
export interface Socket {
  /** Bytes that were sent and have not left. */
  readonly bufferedAmount: number;
  send(text: string): void;
  close(code: CloseCode, reason: string): void;
  /** Ends it without a handshake, for a peer that does not answer. */
  terminate(): void;
}

export interface Wish {
  /** The run that the viewer picked; without one it follows the newest. */
  readonly runId: RunId | undefined;
  readonly epoch: string | undefined;
  readonly seq: number | undefined;
}

/**
 *   waiting ──first run──▶ catching_up ──rows read──▶ live ──reads too slowly──▶ lagging
 *                              ▲                        │ gap, newer run           │ drained
 *                              └────────────────────────┴──────────────────────────┘
 *   any ──▶ closed
 */
export type SessionState =
  | { readonly name: 'waiting' }
  | {
      readonly name: 'catching_up';
      readonly runId: RunId;
      readonly epoch: string | undefined;
      readonly seq: number | undefined;
    }
  | { readonly name: 'live'; readonly runId: RunId; readonly epoch: string; readonly seq: number }
  | {
      readonly name: 'lagging';
      readonly runId: RunId;
      readonly epoch: string;
      readonly seq: number;
      readonly since: number;
    }
  | { readonly name: 'closed' };

/** A viewer holds no queue of its own: past this it waits, and reads what it missed from the database. [S6] */
const highWaterBytes = 256 * 1024;
const lowWaterBytes = 32 * 1024;
/** A viewer that cannot take one message in this time is gone in all but name. */
const maxLagMs = 60_000;
const silenceMs = 30_000;
const maxMissedPings = 2;

export class Session {
  readonly socket: Socket;
  /** The sign-in that opened it; it ends when that ends. */
  readonly authSessionId: string;
  readonly follows: boolean;
  state: SessionState = { name: 'waiting' };
  #heardAt: number;
  #pings = 0;

  constructor(socket: Socket, authSessionId: string, wish: Wish, now: number) {
    this.socket = socket;
    this.authSessionId = authSessionId;
    this.follows = wish.runId === undefined;
    this.#heardAt = now;
  }

  receive(text: string, now: number): void {
    this.#heardAt = now;
    this.#pings = 0;
    // A viewer that asks without reading gets no answers to pile up.
    if (text === 'ping' && this.socket.bufferedAmount < highWaterBytes) this.socket.send('pong');
  }

  /** Sends the frame to a viewer that stands right before it. True when it must catch up instead. */
  deliver(frame: Frame, fromSeq: number, now: number): boolean {
    const { state } = this;
    if (state.name !== 'live' || frame.seq <= state.seq) return false;
    if (state.seq < fromSeq) return true;
    if (this.socket.bufferedAmount > highWaterBytes) {
      this.state = { ...state, name: 'lagging', since: now };
      return false;
    }
    this.socket.send(frame.text(state.seq));
    this.state = { ...state, seq: frame.seq };
    return false;
  }

  /** True when a slow viewer has drained and may catch up. */
  hasDrained(now: number): boolean {
    if (this.state.name !== 'lagging') return false;
    if (now - this.state.since > maxLagMs) this.close(closeCodes.slow, 'reads too slowly');
    return this.socket.bufferedAmount <= lowWaterBytes && this.state.name === 'lagging';
  }

  /** After 30 s of silence a ping, after two more silences the end. [S7] */
  checkSilence(now: number): void {
    if (now - this.#heardAt < silenceMs * (this.#pings + 1)) return;
    if (this.#pings < maxMissedPings) {
      this.#pings += 1;
      this.socket.send('ping');
    } else {
      this.close(closeCodes.silent, 'no answer to two pings');
      this.socket.terminate();
    }
  }

  close(code: CloseCode, reason: string): void {
    if (this.state.name === 'closed') return;
    this.state = { name: 'closed' };
    this.socket.close(code, reason);
  }
}
