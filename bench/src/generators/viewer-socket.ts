import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';

interface Events {
  readonly onOpen: () => void;
  readonly onText: (text: Buffer) => void;
  /** Once, whatever ended it. */
  readonly onEnd: (why: string) => void;
}

const textFrame = 1;
const closeFrame = 8;

/**
 * A WebSocket client that only listens, over a bare socket: thousands of them must cost the generator less than they cost
 * the server. Takes what the server sends: whole, unmasked frames.
 */
export class ViewerSocket {
  readonly #socket: Socket;
  readonly #events: Events;
  #rest: Buffer = Buffer.alloc(0);
  #isOpen = false;
  #why = 'the server ended it';

  constructor(url: URL, events: Events) {
    this.#events = events;
    this.#socket = connect(Number(url.port), url.hostname);
    this.#socket.setNoDelay(true);
    const key = randomBytes(16).toString('base64');
    const head = [
      `GET ${url.pathname}${url.search} HTTP/1.1`,
      `Host: ${url.host}`,
      'Upgrade: websocket',
      'Connection: Upgrade',
      'Sec-WebSocket-Version: 13',
      `Sec-WebSocket-Key: ${key}`,
    ];
    this.#socket.write(`${head.join('\r\n')}\r\n\r\n`);
    this.#socket.on('data', (chunk) => this.#take(chunk));
    this.#socket.on('error', (error) => {
      this.#why = error.message;
    });
    this.#socket.once('close', () => events.onEnd(this.#why));
  }

  /** As a train into a tunnel: nothing is said to the other side. */
  cut(): void {
    this.#why = 'cut';
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    if (!this.#isOpen && !this.#takeHead()) return;
    for (let frame = this.#nextFrame(); frame; frame = this.#nextFrame()) {
      if (frame.kind === closeFrame) this.#why = `closed with ${frame.payload.readUInt16BE(0)}`;
      if (frame.kind !== textFrame) continue;
      if (frame.payload.length === 4 && frame.payload.toString() === 'ping') this.#say('pong');
      else this.#events.onText(frame.payload);
    }
  }

  #takeHead(): boolean {
    const end = this.#rest.indexOf('\r\n\r\n');
    if (end < 0) return false;
    const status = this.#rest.toString('latin1', 9, 12);
    this.#rest = this.#rest.subarray(end + 4);
    this.#isOpen = status === '101';
    if (this.#isOpen) this.#events.onOpen();
    else {
      this.#why = `HTTP ${status}`;
      this.#socket.destroy();
    }
    return this.#isOpen;
  }

  #nextFrame(): { kind: number; payload: Buffer } | null {
    const rest = this.#rest;
    if (rest.length < 2) return null;
    const short = (rest[1] as number) & 0x7f;
    const headLength = short === 127 ? 10 : short === 126 ? 4 : 2;
    if (rest.length < headLength) return null;
    const length = short === 127 ? Number(rest.readBigUInt64BE(2)) : short === 126 ? rest.readUInt16BE(2) : short;
    if (rest.length < headLength + length) return null;
    this.#rest = rest.subarray(headLength + length);
    return { kind: (rest[0] as number) & 0x0f, payload: rest.subarray(headLength, headLength + length) };
  }

  /** A short text, masked with zeros as the protocol wants a client's frames masked. */
  #say(text: string): void {
    this.#socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), Buffer.from(text)]));
  }
}
