import { setTimeout as wait } from 'node:timers/promises';
import { applyBatch, fromSnapshot, serverMessageSchema, type ViewerState } from '@rondo/protocol';
import { openSocket, type TestSocket } from './socket.ts';

interface Options {
  /** Tried in turn, each time that a socket ends. */
  readonly addresses: readonly string[];
  readonly runId: string;
  readonly key: string;
}

/** A viewer that comes back where it was whenever its socket ends, and refuses to see a hole or anything twice. [S5] */
export class ResumingViewer {
  /** The type of the first message of each socket. */
  readonly resumedWith: string[] = [];
  state: ViewerState | undefined;
  readonly #options: Options;
  #socket: TestSocket | undefined;
  #isClosed = false;

  constructor(options: Options) {
    this.#options = options;
  }

  /** Resolves when the viewer has been closed; rejects when it was sent a hole, or something twice. */
  async watch(): Promise<void> {
    const { addresses, runId: run_id, key } = this.#options;
    for (let at = 0; !this.#isClosed; at++) {
      const address = addresses[at % addresses.length] as string;
      const { epoch, seq } = this.state ?? {};
      const position: Record<string, string> = epoch ? { epoch, seq: String(seq) } : {};
      const url = `${address.replace('http', 'ws')}/ws/events?${new URLSearchParams({ run_id, ...position })}`;
      this.#socket = await openSocket(url, { key }).catch(() => undefined);
      if (!this.#socket) await wait(20);
      else await this.#read(this.#socket);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#socket?.close();
  }

  async #read(socket: TestSocket): Promise<void> {
    const ended = socket.closed.then(() => undefined);
    for (let isFirst = true; !this.#isClosed; isFirst = false) {
      const text = await Promise.race([socket.nextText(), ended]);
      if (text === undefined) return;
      if (text === 'ping') socket.send('pong');
      else this.#apply(text, isFirst);
    }
  }

  #apply(text: string, isFirst: boolean): void {
    const message = serverMessageSchema.parse(JSON.parse(text));
    if (isFirst) this.resumedWith.push(message.type);
    if (message.type === 'snapshot') {
      this.state = fromSnapshot(message);
      return;
    }
    const after = this.state && applyBatch(this.state, message);
    if (!after || after === 'gap') throw new Error(`a viewer was sent a hole at ${message.from_seq}`);
    if (message.seq <= (this.state?.seq ?? 0)) throw new Error(`a viewer was sent ${message.seq} twice`);
    this.state = after;
  }
}
