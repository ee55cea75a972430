import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { makeDataDir } from '../testing/database.ts';
import { makeRun } from '../testing/facts.ts';
import { startProcess } from '../testing/process.ts';

interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly attributes: readonly { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[];
  readonly links?: readonly { readonly traceId: string; readonly spanId: string }[];
}

/** The part of an OTLP/HTTP collector that takes traces. */
async function startCollector(status = 200) {
  const spans: Span[] = [];
  const bodies: string[] = [];
  const paths = new Set<string | undefined>();
  const teams = new Set<unknown>();
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString();
    paths.add(request.url);
    teams.add(request.headers['x-team']);
    bodies.push(body);
    for (const { scopeSpans } of JSON.parse(body).resourceSpans)
      for (const scope of scopeSpans) spans.push(...scope.spans);
    response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, spans, paths, teams, bodies };
}

async function startServer(settings: Record<string, string>) {
  const folder = await makeDataDir();
  const { child, url, ended } = startProcess({ DATA_DIR: folder, TMPDIR: folder, ...settings }, ['--local']);
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
    await rm(folder, { recursive: true, force: true });
  });
  const stop = async () => {
    child.kill('SIGTERM');
    return (await ended).code;
  };
  return { url: await url, stop, key: (await readFile(join(folder, 'demo.key'), 'utf8')).trim() };
}

const report = (url: string, key: string, headers: Record<string, string> = {}) =>
  fetch(`${url}/api/ingest`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify({
      reporter_id: 'tracing.test',
      batch: 1,
      events: [makeRun().say('round_started', { round: 1, client_ids: ['a'] })],
    }),
  });

const attribute = (span: Span | undefined, key: string) =>
  Object.values(span?.attributes.find((one) => one.key === key)?.value ?? {})[0];

it('with OTEL_EXPORTER_OTLP_ENDPOINT every request and every transaction of the writer is a span, without secrets', async () => {
  const collector = await startCollector();
  const { url, stop, key } = await startServer({
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_EXPORTER_OTLP_HEADERS: 'x-team=blue',
    OTEL_SERVICE_NAME: 'rondo-of-a-test',
  });
  const traceId = '0af7651916cd43dd8448eb211c80319c';
  const parentSpanId = 'b7ad6b7169203331';
  const answer = await report(url, key, { traceparent: `00-${traceId}-${parentSpanId}-01` });
  expect(answer.status).toBe(200);
  await fetch(`${url}/api/rounds/7?token=${key}`);
  expect(await stop()).toBe(0);

  expect([...collector.paths]).toEqual(['/v1/traces']);
  const request = collector.spans.find(({ name }) => name === 'POST /api/ingest');
  expect(request).toMatchObject({ traceId, parentSpanId });
  expect(attribute(request, 'http.response.status_code')).toBe(200);
  expect(attribute(request, 'rondo.request_id')).toBe(answer.headers.get('x-request-id'));
  const flush = collector.spans.find(({ name }) => name === 'ingest flush');
  expect(flush?.parentSpanId).toBeUndefined();
  expect(flush?.links).toMatchObject([{ traceId, spanId: request?.spanId }]);
  expect([attribute(flush, 'rondo.inputs'), attribute(flush, 'rondo.jobs')]).toEqual([1, 1]);
  const refused = collector.spans.find(({ name }) => name === 'GET /api/rounds/:round_id');
  expect([attribute(refused, 'url.path'), attribute(refused, 'http.response.status_code')]).toEqual([
    '/api/rounds/7',
    401,
  ]);
  const exported = collector.bodies.join('');
  expect(exported).toContain('"stringValue":"rondo-of-a-test"');
  expect([...collector.teams]).toEqual(['blue']);
  expect(exported).not.toContain(key);
}, 240_000);

it('a collector that is away costs neither an answer nor the way out', async () => {
  const { url, stop, key } = await startServer({
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1',
    LOG_LEVEL: 'silent',
  });
  expect((await report(url, key)).status).toBe(200);
  const askedMs = Date.now();
  expect(await stop()).toBe(0);
  expect(Date.now() - askedMs).toBeLessThan(30_000);
}, 240_000);
