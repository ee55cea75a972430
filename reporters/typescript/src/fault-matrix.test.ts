import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createReporter } from './reporter.ts';
import { FakeIngest, type Fault } from './testing/fake-ingest.ts';
import { range, until } from './testing/make-reporter.ts';

/** The same contract behind a real socket. */
async function listen(ingest: FakeIngest, port = 0): Promise<{ server: Server; port: number }> {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    expect(request.url).toBe('/api/ingest');
    const seen = ingest.see(Buffer.concat(chunks), request.headers);
    const fault = ingest.fault(seen);
    if (fault === 'silent') return;
    if (fault === 'down') return void request.socket.destroy();
    if (fault === 'garbage') return void response.end('<html>');
    if (fault !== null && typeof fault === 'object') {
      return void response.writeHead(fault.status, { 'retry-after': fault.retryAfter ?? '0' }).end('{}');
    }
    const answer = ingest.commit(seen);
    if (fault === 'lost answer') return void request.socket.destroy();
    response.end(JSON.stringify(answer));
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return { server, port: (server.address() as AddressInfo).port };
}

describe('over real sockets', () => {
  const servers: Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
  });

  // `waitScale` shortens the reporter's waits; requests and faults take their real time.
  const makeLiveReporter = (port: number, waitScale = 0.01) =>
    createReporter({
      url: `http://127.0.0.1:${port}/`,
      apiKey: 'k-0123456789',
      name: 'faults',
      requestTimeoutMs: 5_000,
      onProblem: () => {},
      spoolDir: false,
      clock: {
        now: Date.now,
        schedule: (run, ms) => {
          const timer = setTimeout(run, ms * waitScale);
          return () => clearTimeout(timer);
        },
      },
    });

  const faults: [string, Fault][] = [
    ['a connection that breaks', 'down'],
    ['a server that never answers', 'silent'],
    ['a lost answer after the commit', 'lost answer'],
    ['an answer that is not ours', 'garbage'],
    ['HTTP 500', { status: 500 }],
    ['HTTP 429', { status: 429, retryAfter: '1' }],
    ['HTTP 503', { status: 503 }],
    ['HTTP 401', { status: 401 }],
    ['HTTP 404', { status: 404 }],
  ];

  describe.each(faults)('%s', (_, fault) => {
    it.each(['at the start', 'in the middle', 'every third time'])(
      '[R4] loses and doubles nothing: %s',
      async (when) => {
        const ingest = new FakeIngest();
        const { server, port } = await listen(ingest);
        servers.push(server);
        let count = 0;
        ingest.fault = () => {
          const request = count++;
          if (when === 'at the start') return request < 2 ? fault : null;
          if (when === 'in the middle') return request === 2 ? fault : null;
          return request % 3 === 1 && request < 9 ? fault : null;
        };
        const reporter = makeLiveReporter(port);
        for (const part of range(5)) {
          for (const step of range(200, part * 200)) reporter.metric('loss', step / 7, { step });
          await until(() => ingest.requests.length > part);
        }
        await until(() => reporter.stats().queued === 0);
        expect(ingest.steps).toEqual(range(1_000));
        expect(reporter.stats()).toMatchObject({ acknowledged: 1_001, dropped: 0, rejected: 0 });
        await reporter.close();
      },
    );
  });

  it('[R8] waits for a server that starts later, and for one that restarts', async () => {
    const ingest = new FakeIngest();
    const first = await listen(ingest);
    first.server.close();
    await once(first.server, 'close');
    const reporter = makeLiveReporter(first.port);
    reporter.metric('loss', 1, { step: 0 });
    await until(() => reporter.stats().lastError !== null);
    for (const step of range(3, 1)) {
      const { server } = await listen(ingest, first.port);
      reporter.metric('loss', 1, { step });
      await until(() => reporter.stats().queued === 0);
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    }
    expect(ingest.steps).toEqual(range(4));
    await reporter.close({ timeoutMs: 0 });
  });

  it('[R14] closes in time when the server does not answer', async () => {
    const ingest = new FakeIngest();
    const { server, port } = await listen(ingest);
    servers.push(server);
    ingest.fault = () => 'silent';
    const reporter = makeLiveReporter(port, 1);
    const startedAt = performance.now();
    expect(await reporter.close({ timeoutMs: 300 })).toMatchObject({ dropped: 1 });
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });
});
