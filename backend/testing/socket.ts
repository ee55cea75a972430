import { once } from 'node:events';
import { type ServerMessage, serverMessageSchema } from '@rondo/protocol';
import { WebSocket } from 'ws';

/** A viewer's end of a real socket: what it was sent, in order, and how it ended. */
export interface TestSocket {
  /** The next JSON message, as the protocol says it is. */
  next(): Promise<ServerMessage>;
  nextText(): Promise<string>;
  send(text: string): void;
  readonly closed: Promise<{ code: number; reason: string }>;
  close(): Promise<void>;
}

/** Rejects with the HTTP status when the handshake is refused. */
export async function openSocket(
  url: string,
  { origin, key }: { origin?: string; key?: string } = {},
): Promise<TestSocket> {
  const socket = new WebSocket(url, {
    ...(origin !== undefined && { origin }),
    ...(key !== undefined && { headers: { authorization: `Bearer ${key}` } }),
  });
  const received: string[] = [];
  const waiting: ((text: string) => void)[] = [];
  socket.on('message', (data) => {
    const text = String(data);
    const taker = waiting.shift();
    if (taker) taker(text);
    else received.push(text);
  });
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.once('close', (code, reason) => resolve({ code, reason: String(reason) }));
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('unexpected-response', (_, response) => {
      reject(new Error(`refused with ${response.statusCode}`));
      response.destroy();
    });
    socket.on('error', reject);
    // A connection that is cut before the answer to its handshake.
    socket.once('close', () => reject(new Error('closed before it opened')));
  });
  const nextText = () => {
    const text = received.shift();
    return text === undefined ? new Promise<string>((resolve) => waiting.push(resolve)) : Promise.resolve(text);
  };
  return {
    nextText,
    next: async () => serverMessageSchema.parse(JSON.parse(await nextText())),
    send: (text) => socket.send(text),
    closed,
    close: async () => {
      if (socket.readyState === WebSocket.CLOSED) return;
      socket.close();
      await once(socket, 'close');
    },
  };
}
