import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { quantiles } from '../lib/quantiles.ts';

/** Socket.IO's own clients, whose links are cut as those of our viewers are. */
interface Client {
  readonly io: { readonly engine: { close(): void; readonly transport: { readonly ws?: { terminate?(): void } } } };
  readonly recovered: boolean;
  connect(): void;
  on(event: string, handler: (...data: never[]) => void): void;
}
interface Library {
  readonly io: (url: string, options: object) => Client;
}
export interface SocketIoViewersJob {
  readonly packages: string;
  readonly url: string;
  readonly count: number;
  readonly everyMs: number;
  readonly forMs: number;
}
export interface SocketIoReport {
  readonly type: 'report';
  readonly delivered: number;
  readonly p99: number;
  readonly cuts: number;
  readonly recovered: number;
}

process.once('disconnect', () => process.exit());
process.once('message', (job: SocketIoViewersJob) => void watch(job));

async function watch({ packages, url, count, everyMs, forMs }: SocketIoViewersJob): Promise<void> {
  const { io } = createRequire(join(packages, 'package.json'))('socket.io-client') as Library;
  const delays: number[] = [];
  let [cuts, recovered, isCutting] = [0, 0, true];
  const open = async () => {
    let next = 0;
    const connected = Promise.withResolvers<void>();
    // It reconnects on request only: the length of a cut is ours.
    const options = { transports: ['websocket'], reconnection: false, forceNew: true };
    const client = io(url, options);
    client.on('connect', () => {
      if (client.recovered) recovered++;
      connected.resolve();
    });
    client.on('tick', (step: number, at: number) => {
      // What was missed stays missed; a repetition does not count.
      if (step < next) return;
      next = step + 1;
      delays.push(Date.now() - at);
    });
    await connected.promise;
    return client;
  };
  const clients: Client[] = [];
  for (let n = 0; n < count; n++) clients.push(await open());
  process.send?.({ type: 'opened' });
  const cutAgain = async (client: Client) => {
    await wait(Math.random() * everyMs);
    while (isCutting) {
      client.io.engine.transport.ws?.terminate?.();
      cuts++;
      await wait(forMs);
      client.connect();
      await wait(everyMs - forMs);
    }
  };
  for (const client of clients) void cutAgain(client);
  process.once('message', () => {
    isCutting = false;
    const [p99] = quantiles(delays, [0.99]);
    const report: SocketIoReport = { type: 'report', delivered: delays.length, p99, cuts, recovered };
    process.send?.(report);
  });
}
