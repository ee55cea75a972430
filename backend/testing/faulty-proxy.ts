import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export type Way = 'up' | 'down';

/** What happens to a chunk of bytes on its way. */
export type Deed =
  | { readonly kind: 'pass' }
  /** The line breaks; nothing of the chunk arrives. */
  | { readonly kind: 'cut' }
  /** Half of the chunk arrives, then the line breaks. */
  | { readonly kind: 'halve' }
  /** The chunk, and what follows on the line, arrives later. */
  | { readonly kind: 'delay'; readonly ms: number };

export interface Proxy {
  readonly url: string;
  close(): Promise<void>;
}

const pass: Deed = { kind: 'pass' };

/**
 * A line to a server on which `judge` decides about each chunk. `target` is asked for each connection, so it may be another
 * server each time; without one, the connection is refused.
 */
export async function openFaultyProxy(
  target: () => string | undefined,
  judge: (way: Way, bytes: number) => Deed = () => pass,
): Promise<Proxy> {
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const url = target();
    if (url === undefined) return void client.resetAndDestroy();
    const { hostname, port } = new URL(url);
    const upstream = connect({ port: Number(port), host: hostname, allowHalfOpen: true });
    const cut = () => {
      for (const socket of [client, upstream]) socket.resetAndDestroy();
    };
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on('error', () => {}); // It was cut.
      socket.on('close', () => {
        open.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    carry(client, upstream, (bytes) => judge('up', bytes), cut);
    carry(upstream, client, (bytes) => judge('down', bytes), cut);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** One way of a line, in order: what was delayed holds up what follows. */
function carry(from: Socket, to: Socket, judge: (bytes: number) => Deed, cut: () => void): void {
  from.on('data', (chunk: Buffer) => {
    const deed = judge(chunk.length);
    if (deed.kind === 'cut') cut();
    else if (deed.kind === 'halve') {
      from.pause();
      to.write(chunk.subarray(0, Math.floor(chunk.length / 2)), cut);
    } else if (deed.kind === 'delay') {
      from.pause();
      setTimeout(() => {
        if (!to.destroyed) to.write(chunk);
        from.resume();
      }, deed.ms);
    } else if (!to.write(chunk)) {
      from.pause();
      to.once('drain', () => from.resume());
    }
  });
  from.on('end', () => to.end());
}
