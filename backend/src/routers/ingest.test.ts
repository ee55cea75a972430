import { gzipSync } from 'node:zlib';
import { ingestAnswerSchema, limits, problemSchema } from '@rondo/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestApp, type TestApp } from '../../testing/app.ts';
import { aWholeRound, makeRun } from '../../testing/facts.ts';
import { validateEvents } from '../ingest/validate-events.ts';

let server: TestApp;
beforeAll(async () => {
  server = await openTestApp();
});
afterAll(() => server.close());

/** Sends a raw body that no client library would send. */
async function post(payload: string | Buffer, headers: Record<string, string> = {}) {
  const reporter = await server.makeReporter();
  return server.app.inject({
    method: 'POST',
    url: '/api/ingest',
    headers: { 'content-type': 'application/json', ...reporter.headers, ...headers },
    payload,
  });
}

const envelope = (events: readonly unknown[]) => JSON.stringify({ reporter_id: 'r', batch: 1, events });

/** A body of exactly `bytes`. */
const bodyOf = (bytes: number) => {
  const frame = JSON.stringify({ reporter_id: 'r', batch: 1, events: [], padding: '' });
  return frame.replace('"padding":""', `"padding":"${'x'.repeat(bytes - frame.length)}"`);
};

describe('POST /api/ingest', () => {
  it('answers after it is stored, with what it took', async () => {
    const { report } = await server.makeReporter().then((reporter) => ({ report: reporter.report.bind(reporter) }));
    const run = makeRun();
    const answer = await report(aWholeRound(run, 1));
    expect(ingestAnswerSchema.parse(answer)).toEqual({ accepted: 4, duplicates: 0, rejected: [], commands: [] });
    const viewer = await server.signIn('viewer');
    const shown = await server.ask('GET', `/api/runs/${run.id}`, viewer.headers);
    expect(shown.json()).toMatchObject({ current_round: 1, num_clients: 2 });
  });

  it('[I3] answers a number that is taken with all its events as duplicates, those it refused among them', async () => {
    const { key } = await server.makeReporter();
    const run = makeRun();
    const events = [run.say('client_heartbeat', { client_id: 'a' }), { type: 'nonsense' }, null];
    const body = { reporter_id: 'r', batch: 1, events };
    const send = () => server.ask('POST', '/api/ingest', { authorization: `Bearer ${key}` }, body);
    expect((await send()).json()).toMatchObject({ accepted: 1, rejected: [{ index: 1 }, { index: 2 }] });
    expect((await send()).json()).toEqual({ accepted: 0, duplicates: 3, rejected: [], commands: [] });
  });

  it('keeps the batch numbers of two API keys apart', async () => {
    const run = makeRun();
    const body = JSON.stringify({
      reporter_id: 'the same',
      batch: 1,
      events: [run.say('run_started', { name: 'a', framework: 'b' })],
    });
    expect((await post(body)).json()).toMatchObject({ accepted: 1 });
    const other = body.replace('run_started', 'client_heartbeat').replace('"name"', '"client_id"');
    expect((await post(other)).json()).toMatchObject({ accepted: 1 });
  });

  it.each([
    ['a client id of 65 characters', 'client_joined', { client_id: 'x'.repeat(65) }, /client_id/],
    ['an unknown type', 'client_exploded', {}, /unknown event type/],
    ['a number that is not finite', 'metric', { name: 'loss', step: 1, value: null }, /value/],
    ['a wrong type', 'round_started', { round: '1', client_ids: [] }, /round/],
    ['text that no database keeps', 'log', { level: 'info', message: 'a\0b' }, /message/],
    ['a time that is none', 'client_heartbeat', { client_id: 'a', at: 'yesterday' }, /: at: /],
    ['a moment before year 1', 'client_heartbeat', { client_id: 'a', at: '0000-01-01T00:00:00Z' }, /: at: /],
    ['a moment after year 9999', 'client_heartbeat', { client_id: 'a', at: '9999-12-31T23:59:59-10:00' }, /: at: /],
    ['a negative round', 'round_complete', { round: -1 }, /round/],
    ['a run id of 129 characters', 'client_heartbeat', { run_id: 'x'.repeat(129), client_id: 'a' }, /run_id/],
    ['nothing but a type', 'metric', {}, /name/],
  ])('rejects %s by its index, names the field, and stores the good events', async (_, type, fields, detail) => {
    const reporter = await server.makeReporter();
    const run = makeRun();
    const good = (client_id: string) => run.say('client_joined', { client_id });
    const bad = { run_id: run.id, at: '2026-01-31T12:00:00Z', ...fields, type };
    const answer = await reporter.report([good('a'), bad, good('b')]);
    expect(answer).toMatchObject({ accepted: 2, rejected: [{ index: 1, detail: expect.stringMatching(detail) }] });
  });

  it.each([null, 7, 'text', [], {}])('rejects %j, which is no event, by its index', async (event) => {
    const reporter = await server.makeReporter();
    expect(await reporter.report([event])).toMatchObject({ accepted: 0, rejected: [{ index: 0 }] });
  });

  it('rejects 1e999, which JSON reads as an infinity, and takes "Infinity" and "NaN" and shows them', async () => {
    const run = makeRun();
    const point = (value: number | 'NaN' | 'Infinity', step: number) =>
      run.say('metric', { name: 'loss', value, step });
    const events = envelope([point(12345, 0), point('NaN', 1), point('Infinity', 2)]).replace('12345', '1e999');
    expect((await post(events)).json()).toMatchObject({ accepted: 2, rejected: [{ index: 0 }] });
    const viewer = await server.signIn('viewer');
    const series = await server.ask('GET', `/api/metrics/series?run_id=${run.id}&name=loss`, viewer.headers);
    expect(series.json()).toMatchObject({ step: [1, 2], value: ['NaN', 'Infinity'] });
  });

  it('reads gzip', async () => {
    const run = makeRun();
    const body = gzipSync(envelope(aWholeRound(run, 1)));
    expect((await post(body, { 'content-encoding': 'gzip' })).json()).toMatchObject({ accepted: 4 });
  });

  it('takes a body of 8 MiB to the byte', async () => {
    expect((await post(bodyOf(limits.batchBytes))).statusCode).toBe(200);
  });

  it('names the field of a wrong envelope', async () => {
    const answer = await post(JSON.stringify({ reporter_id: '', batch: '1', events: {} }));
    expect(answer.statusCode).toBe(422);
    const { errors } = problemSchema.parse(answer.json());
    expect(errors?.map(({ path }) => path)).toEqual(['reporter_id', 'batch', 'events']);
  });

  it('refuses more than 10,000 events', async () => {
    const answer = await post(envelope(new Array(limits.batchEvents + 1).fill({})));
    expect(answer.statusCode).toBe(422);
    expect(answer.json()).toMatchObject({ errors: [{ path: 'events' }] });
  });

  const gzip = { 'content-encoding': 'gzip' };
  it.each([
    ['malformed JSON', 400, () => '{"reporter_id":', {}],
    ['no body', 400, () => '', {}],
    ['8 MiB and a byte', 413, () => bodyOf(limits.batchBytes + 1), {}],
    ['a gzip bomb', 413, () => gzipSync(bodyOf(limits.batchBytes * 4)), gzip],
    ['broken gzip', 400, () => Buffer.from('not gzip at all'), gzip],
    ['gzip that ends too soon', 400, () => gzipSync(bodyOf(1_000)).subarray(0, 30), gzip],
    ['another content-encoding', 415, () => envelope([]), { 'content-encoding': 'br' }],
    ['text', 415, () => envelope([]), { 'content-type': 'text/plain' }],
    ['XML', 415, () => '<events/>', { 'content-type': 'application/xml' }],
    ['an unknown API key', 401, () => envelope([]), { authorization: `Bearer rk_${'x'.repeat(43)}` }],
    ['no API key', 401, () => envelope([]), { authorization: '' }],
  ])('refuses %s with %i and says why', async (_, status, body, headers) => {
    const answer = await post(body(), headers);
    expect(answer.statusCode).toBe(status);
    expect(answer.headers['content-type']).toMatch('application/problem+json');
    expect(problemSchema.parse(answer.json())).toMatchObject({ status });
  });

  it('refuses an access token: people do not report', async () => {
    const { headers } = await server.signIn('admin');
    expect((await post(envelope([]), headers)).statusCode).toBe(401);
  });

  it('has no use for __proto__, wherever it is', async () => {
    const run = makeRun();
    const started = JSON.stringify(run.say('run_started', { name: 'a', framework: 'b', config: { lr: 1 } }));
    const round = JSON.stringify(run.say('round_complete', { round: 1, metrics: { f1: 1 } }));
    const poisoned = [
      started.replace('"lr":1', '"lr":1,"__proto__":{"admin":true}'),
      round.replace('"f1":1', '"f1":1,"__proto__":2,"constructor":{"prototype":3}'),
      `{"__proto__":{"type":"log"},"run_id":"${run.id}"}`,
    ];
    const answer = await post(`{"reporter_id":"r","batch":1,"__proto__":{"x":1},"events":[${poisoned.join(',')}]}`);
    expect(answer.statusCode).toBe(200);
    expect(({} as { admin?: unknown }).admin).toBeUndefined();
    const viewer = await server.signIn('viewer');
    const shown = await server.ask('GET', `/api/runs/${run.id}`, viewer.headers);
    expect(shown.json()).toMatchObject({ config: { lr: 1 } });
    expect(shown.body).not.toContain('admin');
  });

  it('Sync DB session in async route: the event loop and others have their turn during a large ingest', async () => {
    const reporter = await server.makeReporter();
    const run = makeRun();
    const events = Array.from({ length: 10_000 }, (_, n) => ({
      type: 'client_result',
      run_id: run.id,
      at: '2026-01-31T12:00:00Z',
      round: 1,
      client_id: `c${n}`,
      sample_count: 1,
    }));
    let isStored = false;
    let ticks = 0;
    const timer = setInterval(() => {
      ticks += 1;
    }, 5);
    const storing = reporter.report(events).finally(() => {
      isStored = true;
    });
    const openapi = await server.ask('GET', '/openapi.json');
    expect([openapi.statusCode, isStored]).toEqual([200, false]);
    const health = await server.ask('GET', '/api/health');
    expect(health.statusCode).toBe(200);
    expect(await storing).toMatchObject({ accepted: 10_000 });
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(5);
  });

  const at = '2026-01-31T12:00:00.000Z';
  const metrics = Object.fromEntries(Array.from({ length: 250 }, (_, n) => [`m${n}`, n]));
  it.each([
    ['unknown', limits.batchEvents, { type: 'unknown' }],
    ['metrics', 2_000, { type: 'round_complete', run_id: 'a', at, round: 1, metrics }],
    ['selections', 40, { type: 'client_presence', run_id: 'a', at, client_ids: Array(20_000).fill('a') }],
  ])(
    'Sync DB session in async route: checking gives others their turn by the work it does [H3] [B3]: %s',
    async (_, count, event) => {
      let ticks = 0;
      let isChecked = false;
      const takeTurns = () => {
        ticks += 1;
        if (!isChecked) setImmediate(takeTurns);
      };
      setImmediate(takeTurns);
      const before = performance.now();
      await validateEvents(new Array(count).fill(event));
      const took = performance.now() - before;
      isChecked = true;
      // A turn ends after 10 ms, or with the event that took it there.
      expect(ticks).toBeGreaterThanOrEqual(Math.floor(Math.min(took / 60, count)));
    },
  );
});
