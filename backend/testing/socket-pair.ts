import {
  applyBatch,
  type CloseCode,
  emptyViewerState,
  fromSnapshot,
  serverMessageSchema,
  type ViewerState,
} from '@rondo/protocol';
import type { Socket } from '../src/websocket/viewer.ts';

/** Both ends of a socket in memory: the server's messages wait here until the test delivers them. */
export class SocketPair {
  /** Sent and not delivered, oldest first. */
  readonly inFlight: string[] = [];
  readonly received: string[] = [];
  readonly closes: { code: CloseCode; reason: string }[] = [];
  terminations = 0;
  /** Bytes that count as buffered in addition to those in flight. */
  stuckBytes = 0;
  readonly server: Socket;
  readonly #taken = new Map<string, () => void>();

  constructor() {
    const pair = this;
    this.server = {
      get bufferedAmount() {
        return pair.inFlight.reduce((sum, text) => sum + text.length, pair.stuckBytes);
      },
      send: (text) => {
        pair.inFlight.push(text);
      },
      deliver: (text) => {
        pair.inFlight.push(text);
        return new Promise((resolve) => pair.#taken.set(text, resolve));
      },
      close: (code, reason) => {
        pair.closes.push({ code, reason });
        pair.#take([...pair.#taken.keys()]);
      },
      terminate: () => {
        pair.terminations += 1;
      },
    };
  }

  get isClosed(): boolean {
    return this.closes.length > 0;
  }

  /** Takes the next `count` messages to the viewer's end, and returns them. */
  deliver(count = this.inFlight.length): string[] {
    const texts = this.inFlight.splice(0, count);
    this.received.push(...texts);
    this.#take(texts);
    return texts;
  }

  #take(texts: readonly string[]): void {
    for (const text of texts) {
      this.#taken.get(text)?.();
      this.#taken.delete(text);
    }
  }
}

/** Applies a message as a viewer does; the caller handles `'gap'`. */
export function receive(state: ViewerState, text: string): ViewerState | 'gap' {
  if (text === 'ping' || text === 'pong') return state;
  const message = serverMessageSchema.parse(JSON.parse(text));
  return message.type === 'snapshot' ? fromSnapshot(message) : applyBatch(state, message);
}

/** The state of a viewer after these texts; throws on a gap. */
export function viewed(texts: readonly string[], start = emptyViewerState): ViewerState {
  let state = start;
  for (const text of texts) {
    const next = receive(state, text);
    if (next === 'gap') throw new Error(`a gap: at seq ${state.seq} came ${text.slice(0, 120)}`);
    state = next;
  }
  return state;
}
