import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import type { Readable } from 'node:stream';
import Fastify from 'fastify';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bodyDeadline } from './body-deadline.ts';

const app = Fastify();
let port: number;
beforeAll(async () => {
  await app.register(bodyDeadline, { totalMs: 200, idleMs: 200 });
  app.addContentTypeParser('application/octet-stream', (_request, stream, done) => done(null, stream));
  app.post('/json', async () => 'taken');
  app.post('/stream', { config: { readsStream: true } }, async ({ body }) => {
    let bytes = 0;
    for await (const piece of body as Readable) bytes += piece.length;
    return String(bytes);
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  port = (app.server.address() as AddressInfo).port;
});
afterAll(() => app.close());

/** Sends the pieces with pauses between them; what came back when the line was closed. */
function send(path: string, type: string, length: number, pieces: readonly string[], pauseMs: number): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  socket.on('error', () => {}); // It was cut.
  socket.on('data', (chunk) => {
    answer += String(chunk);
    socket.end();
  });
  socket.on('close', () => resolve(answer));
  socket.write(`POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-type: ${type}\r\ncontent-length: ${length}\r\n\r\n`);
  for (const [index, piece] of pieces.entries()) {
    setTimeout(() => socket.writable && socket.write(piece), (index + 1) * pauseMs);
  }
  return promise;
}

it('ends a request whose body does not arrive', async () => {
  expect(await send('/json', 'application/json', 10, ['{'], 20)).toBe('');
});

it('ends one that comes drop by drop, however long it has left', async () => {
  expect(await send('/json', 'application/json', 22, [...'{"a":"bbbbbbbbbbbbbb"}'], 50)).toBe('');
});

it('takes a stream for as long as it moves', async () => {
  expect(await send('/stream', 'application/octet-stream', 10, [...'0123456789'], 60)).toMatch(/200 OK.*10$/s);
});

it('ends a stream that stalls', async () => {
  expect(await send('/stream', 'application/octet-stream', 10, ['0123'], 20)).toBe('');
});

it('lets the work that follows the last byte take its time', async () => {
  const slow = Fastify();
  await slow.register(bodyDeadline, { totalMs: 50, idleMs: 50 });
  slow.addContentTypeParser('application/octet-stream', (_request, stream, done) => done(null, stream));
  slow.post('/', { config: { readsStream: true } }, async ({ body }) => {
    for await (const _ of body as Readable);
    await new Promise((done) => setTimeout(done, 200));
    return 'stored';
  });
  const url = await slow.listen({ host: '127.0.0.1', port: 0 });
  const headers = { 'content-type': 'application/octet-stream' };
  expect(await (await fetch(url, { method: 'POST', headers, body: 'x' })).text()).toBe('stored');
  await slow.close();
});
