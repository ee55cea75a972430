import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { FakeIngest } from './fake-ingest.ts';

const slowMs = 150;

/** The same contract with a real socket; it can stop, and restart at the same port. */
export class LiveIngest extends FakeIngest {
  #server: Server | null = null;
  #port = 0;

  static async start(): Promise<LiveIngest> {
    const ingest = new LiveIngest();
    await ingest.start();
    onTestFinished(() => ingest.stop());
    return ingest;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async start(): Promise<void> {
    this.#server = createServer((request, response) => void this.#answer(request, response));
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** As a server or a proxy does with a connection that it thinks idle. */
  hangUp(): void {
    this.#server?.closeAllConnections();
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (!server) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk);
    } catch {
      return; // The client was killed during its request.
    }
    const seen = this.see(Buffer.concat(chunks), request.headers);
    const fault = this.fault(seen);
    if (fault === 'silent') return;
    if (fault === 'down') return void request.socket.destroy();
    if (fault === 'garbage') return void response.end('<html>');
    if (fault === 'slow') await wait(slowMs);
    else if (fault !== null && typeof fault === 'object') {
      return void response.writeHead(fault.status, { 'retry-after': fault.retryAfter ?? '0' }).end('{}');
    }
    const answer = this.commit(seen);
    if (fault === 'lost answer') return void request.socket.destroy();
    response.end(JSON.stringify(answer));
  }
}
