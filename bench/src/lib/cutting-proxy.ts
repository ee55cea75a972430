import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

interface Cuts {
  readonly everyBytes: number;
  readonly times: number;
}

/** A line to `target` that breaks whenever so many more bytes have gone up it, for one piece of work. */
export async function withCuttingProxy<T>(
  target: string,
  { everyBytes, times }: Cuts,
  work: (url: string, cuts: () => number) => Promise<T>,
): Promise<T> {
  const { hostname, port } = new URL(target);
  const open = new Set<Socket>();
  let sent = 0;
  let cuts = 0;
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on('error', () => {}); // It was cut.
      socket.on('close', () => {
        open.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.on('data', (chunk: Buffer) => {
      sent += chunk.length;
      if (cuts >= times || sent < everyBytes * (cuts + 1)) return;
      cuts += 1;
      client.resetAndDestroy();
      upstream.resetAndDestroy();
    });
    client.pipe(upstream).pipe(client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    return await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, () => cuts);
  } finally {
    for (const socket of open) socket.destroy();
    server.close();
  }
}
