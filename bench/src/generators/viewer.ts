import type { BatchMessage, ServerMessage } from '@rondo/protocol';
import { ViewerSocket } from './viewer-socket.ts';

/** The metric that carries, as value, the moment at which it was reported. Its steps rise by one. */
export const tick = 'bench_tick';

interface Position {
  readonly epoch: string;
  readonly seq: number;
}

export interface ViewerOptions {
  readonly url: string;
  readonly token: string;
  readonly run_id: string;
}

/** One viewer: follows a run, comes back to where it was, and notes when each tick arrived. */
export class Viewer {
  readonly latencies: number[] = [];
  readonly #options: ViewerOptions;
  #socket: ViewerSocket | null = null;
  #position: Position | null = null;
  #onReady: (() => void) | null = null;
  /** The last tick that came in order. */
  lastStep = -1;
  /** Ticks that came twice, or before an earlier one. */
  outOfOrder = 0;
  snapshots = 0;
  readonly troubles: string[] = [];

  constructor(options: ViewerOptions) {
    this.#options = options;
  }

  /** Resolves when it is up to date, or `retryMs` after a failure, having tried again. */
  connect(): Promise<void> {
    return new Promise((ready) => {
      this.#onReady = ready;
      this.#open();
    });
  }

  cut(): void {
    this.#socket?.cut();
    this.#socket = null;
  }

  #open(): void {
    const { url, token, run_id } = this.#options;
    const query = new URLSearchParams({ token, run_id });
    if (this.#position) {
      query.set('epoch', this.#position.epoch);
      query.set('seq', String(this.#position.seq));
    }
    const address = new URL(`${url}/ws/events?${query}`);
    const socket = new ViewerSocket(address, {
      // A viewer that resumes and has missed nothing receives nothing.
      onOpen: () => this.#position && this.#ready(),
      onText: (text) => this.#take(parse(text)),
      onEnd: (why) => this.#ended(socket, why),
    });
    this.#socket = socket;
  }

  #ended(socket: ViewerSocket, why: string): void {
    if (this.#socket !== socket) return; // cut on purpose
    this.troubles.push(why);
    if (this.troubles.length < maxTroubles) setTimeout(() => this.#open(), retryMs);
    else this.#ready();
  }

  #ready(): void {
    this.#onReady?.();
    this.#onReady = null;
  }

  #take(message: ServerMessage): void {
    if (message.type === 'batch') {
      this.#apply(message);
      return;
    }
    this.snapshots++;
    if (message.epoch === null) return;
    this.#position = { epoch: message.epoch, seq: message.seq };
    // Steps that a snapshot skips were not delivered: the step stays as it was, except at the beginning.
    if (this.snapshots === 1) this.lastStep = message.data.metrics.find(({ name }) => name === tick)?.step ?? -1;
    this.#ready();
  }

  #apply({ from_seq, seq, events }: BatchMessage): void {
    if (this.#position?.seq !== from_seq) {
      this.troubles.push(`a batch from ${from_seq} at ${this.#position?.seq}`);
      return;
    }
    this.#position = { ...this.#position, seq };
    const arrivedAt = Date.now();
    // A batch is one step of state; within it there is no order.
    const ticks = events.flatMap(({ type, data }) => (type === 'metric' && data.name === tick ? [data] : []));
    for (const { step, value } of ticks.sort((a, b) => a.step - b.step)) {
      if (step !== this.lastStep + 1) this.outOfOrder++;
      else this.latencies.push(arrivedAt - Number(value));
      this.lastStep = Math.max(this.lastStep, step);
    }
  }
}

const retryMs = 500;
const maxTroubles = 100;

let last: { text: Buffer; message: ServerMessage } | null = null;

/** Most viewers get the same bytes at the same time; parsing them once keeps the generator out of the figures. */
function parse(text: Buffer): ServerMessage {
  if (!last?.text.equals(text)) last = { text: Buffer.from(text), message: JSON.parse(text.toString()) };
  return last.message;
}
