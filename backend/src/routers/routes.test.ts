import {
  clientSchema,
  clientUpdateSchema,
  metricsSchema,
  modelSchema,
  pageOf,
  problemSchema,
  roundSchema,
  runSchema,
} from '@rondo/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { openTestApp, type TestApp } from '../../testing/app.ts';
import { aWholeRound, makeRun } from '../../testing/facts.ts';
import { storeModel } from '../../testing/models.ts';

let server: TestApp;
beforeAll(async () => {
  server = await openTestApp();
});
afterAll(() => server.close());

const series = z.strictObject({
  run_id: z.string(),
  name: z.string(),
  client_id: z.string().nullable(),
  total: z.int(),
  sampled: z.boolean(),
  step: z.array(z.int()),
  value: z.array(z.union([z.number(), z.string()])),
  at: z.array(z.iso.datetime()),
});

async function aReportedRun(id?: string) {
  const reporter = await server.makeReporter();
  const run = makeRun(id === undefined ? {} : { id });
  await reporter.report([
    run.say('run_started', { name: 'mnist', framework: 'flower', config: { lr: 0.1 }, tags: ['a'], num_rounds: 2 }),
    run.say('client_joined', { client_id: 'a', dataset_size: 10, labels: { site: 'x' } }),
    ...aWholeRound(run, 1),
    run.say('metric', { name: 'lr', value: 0.1, step: 1 }),
  ]);
  return run;
}

const routes = [
  ['/api/runs', pageOf(runSchema)],
  ['/api/runs/{run}', runSchema],
  ['/api/rounds', pageOf(roundSchema)],
  ['/api/rounds?run_id={run}&status=complete', pageOf(roundSchema)],
  ['/api/clients', pageOf(clientSchema)],
  ['/api/clients?run_id={run}', pageOf(clientSchema)],
  [
    '/api/clients/a/history',
    z.object({ client_id: z.literal('a'), items: clientUpdateSchema.array(), total: z.int() }),
  ],
  ['/api/models', pageOf(modelSchema)],
  ['/api/models/v1?run_id={run}', modelSchema],
  ['/api/metrics/summary', z.object({ run_id: z.string(), round: z.int(), metrics: metricsSchema })],
  ['/api/metrics/summary?run_id={run}', z.object({ round: z.literal(1), global_loss: z.literal(1) })],
  ['/api/metrics/series?run_id={run}&name=lr', series],
  ['/api/metrics/series?run_id={run}&name=train_loss&client_id=a', series],
] as const;

describe('what is read', () => {
  it.each(routes)('Pydantic v2 ORM mode: the rows of %s match their schema', async (path, schema) => {
    const run = await aReportedRun();
    await storeModel(server.database.db, { run_id: run.id, version: 'v1', round: 1 });
    const { headers } = await server.signIn('viewer');
    const answer = await server.ask('GET', path.replace('{run}', run.id), headers);
    expect(answer.statusCode).toBe(200);
    expect(answer.headers['content-type']).toMatch('application/json');
    // A field that the schema lacks would be dropped here, and differ.
    const body = answer.json();
    expect(body).toMatchObject((schema as z.ZodType<object>).parse(body));
    if ('items' in body) expect(body.items.length).toBeGreaterThan(0);
    if ('step' in body) expect(body.step).toEqual([1]);
  });

  it.each(routes)('%s is for readers: 401 without a token, 403 with an API key that only reports', async (path) => {
    const reporter = await server.makeReporter();
    expect((await server.ask('GET', path.replace('{run}', 'r'), reporter.headers)).statusCode).toBe(403);
    for (const authorization of ['', 'Bearer a.b.c', 'Basic x']) {
      const answer = await server.ask('GET', path.replace('{run}', 'r'), { authorization });
      expect(answer.statusCode).toBe(401);
      expect(answer.headers['content-type']).toMatch('application/problem+json');
      expect(problemSchema.parse(answer.json())).toMatchObject({ status: 401 });
    }
  });

  it.each([
    '/api/runs/missing',
    '/api/rounds/999999999',
    '/api/rounds/9007199254740991',
    '/api/clients/missing/history',
    '/api/clients/a/history?run_id=missing',
    '/api/models/missing',
    '/api/metrics/summary?run_id=missing',
    '/api/metrics/series?run_id=missing&name=loss',
    '/api/nothing',
    '/api',
  ])('API returns 404, not 500, for missing resources: %s', async (path) => {
    const { headers } = await server.signIn('viewer');
    const answer = await server.ask('GET', path, headers);
    expect(answer.statusCode).toBe(404);
    expect(answer.headers['content-type']).toMatch('application/problem+json');
    expect(problemSchema.parse(answer.json())).toMatchObject({ status: 404 });
  });

  it.each([
    ['/api/rounds?limit=0', 'limit'],
    ['/api/rounds?limit=201', 'limit'],
    ['/api/rounds?limit=ten', 'limit'],
    ['/api/rounds?offset=-1', 'offset'],
    ['/api/rounds?offset=1e300', 'offset'],
    ['/api/rounds?status=nearly', 'status'],
    ['/api/rounds?run_id=a&run_id=b', 'run_id'],
    ['/api/rounds?cursor=nonsense', 'cursor'],
    // `22`, which is a place among rounds.
    ['/api/rounds?cursor=MjI&offset=1', 'offset'],
    ['/api/clients?cursor=MjI', 'cursor'],
    ['/api/clients/a/history?cursor=MjI', 'cursor'],
    ['/api/rounds/abc', 'round_id'],
    ['/api/rounds/0', 'round_id'],
    ['/api/rounds/1e300', 'round_id'],
    ['/api/clients?limit=10001', 'limit'],
    ['/api/clients?status=asleep', 'status'],
    [`/api/clients/${'x'.repeat(65)}/history`, 'client_id'],
    ['/api/runs?status=unknown', 'status'],
    [`/api/runs/${'x'.repeat(129)}`, 'run_id'],
    ['/api/runs/a%00b', 'run_id'],
    ['/api/models/a%00b', 'version'],
    ['/api/metrics/series?name=loss', 'run_id'],
    ['/api/metrics/series?run_id=r', 'name'],
    ['/api/metrics/series?run_id=r&name=loss&max_points=1', 'max_points'],
    ['/api/metrics/series?run_id=r&name=loss&from=-1', 'from'],
    ['/api/metrics/summary?run_id=%00', 'run_id'],
    // A misspelt filter must not return everything. [Q4] [ux B21]
    ['/api/runs?tagg=medical', 'tagg'],
    ['/api/rounds?run=a', 'run'],
    ['/api/clients?name=a', 'name'],
    ['/api/clients/a/history?from=1', 'from'],
    ['/api/models?tag=x', 'tag'],
    ['/api/metrics/names?run_id=r&q=loss', 'q'],
    ['/api/metrics/series?run_id=r&name=loss&step=1', 'step'],
  ])('%s is 422 and names %s', async (path, field) => {
    const { headers } = await server.signIn('viewer');
    const answer = await server.ask('GET', path, headers);
    expect(answer.statusCode).toBe(422);
    expect(answer.headers['content-type']).toMatch('application/problem+json');
    const { errors } = problemSchema.parse(answer.json());
    expect([...new Set(errors?.map(({ path }) => path))]).toEqual([field]);
  });

  it.each([
    'a/b/../c',
    'ünïcödé ☃ 🤖',
    "'; drop table runs; --",
    '%2F%00',
    'run?x=1#y',
    '__proto__',
    'exp.v1.5',
    'x'.repeat(128),
    '🤖'.repeat(64),
  ])('finds a run by the id %j, however it looks', async (id) => {
    await aReportedRun(id);
    const { headers } = await server.signIn('viewer');
    const name = encodeURIComponent(id);
    for (const path of [
      `/api/runs/${name}`,
      `/api/rounds?run_id=${name}`,
      `/api/metrics/series?run_id=${name}&name=lr`,
    ]) {
      const answer = await server.ask('GET', path, headers);
      expect(answer.statusCode).toBe(200);
      expect(answer.body).toContain(JSON.stringify(id));
    }
  });

  it.each(['/api/runs/%', '/api/runs/%E0%A4%A', '/api/runs/%ff', '/api/clients/%/history'])(
    'an address that cannot be read is a problem of the caller: %s',
    async (path) => {
      const { headers } = await server.signIn('viewer');
      const answer = await server.ask('GET', path, headers);
      expect(answer.statusCode).toBe(400);
      expect(answer.headers['content-type']).toMatch('application/problem+json');
      expect(problemSchema.parse(answer.json())).toMatchObject({ status: 400 });
    },
  );

  it('shows a run with more metrics than one fact may carry', async () => {
    const reporter = await server.makeReporter();
    const run = makeRun();
    const metricsOf = (name: string) => Object.fromEntries(Array.from({ length: 200 }, (_, n) => [`${name}${n}`, n]));
    await reporter.report([
      run.say('round_complete', { round: 1, metrics: metricsOf('a') }),
      run.say('round_complete', { round: 1, metrics: metricsOf('b') }),
      run.say('round_complete', { round: 1, metrics: metricsOf('c'), at: '2026-01-31T12:00:00Z' }),
      ...Array.from({ length: 300 }, (_, n) => run.say('metric', { name: `m${n}`, value: n, step: 0 })),
    ]);
    const { headers } = await server.signIn('viewer');
    for (const path of [`/api/rounds?run_id=${run.id}`, `/api/metrics/summary?run_id=${run.id}`]) {
      expect((await server.ask('GET', path, headers)).statusCode).toBe(200);
    }
  });
});

it.each(['/api/rounds', '/api/clients', '/api/clients/a/history'])('[Q1] %s is walked by `next`', async (path) => {
  const reporter = await server.makeReporter();
  const run = makeRun();
  const ids = ['a', 'b', 'c', 'd', 'e'];
  await reporter.report([1, 2, 3, 4, 5].flatMap((round) => aWholeRound(run, round, ids)));
  const { headers } = await server.signIn('viewer');
  const seen = new Set<string>();
  let cursor: string | null = '';
  for (let page = 0; page < 3; page++) {
    const place: string = cursor ? `&cursor=${cursor}` : '';
    const answer = await server.ask('GET', `${path}?run_id=${run.id}&limit=2${place}`, headers);
    const { items, total, next } = answer.json<{ items: object[]; total: number; next: string | null }>();
    expect([answer.statusCode, total]).toEqual([200, 5]);
    for (const item of items) seen.add(JSON.stringify(item));
    cursor = next;
  }
  expect([seen.size, cursor]).toEqual([5, null]);
});

describe('PATCH /api/runs/{run_id}', () => {
  it('changes what is given, and leaves the rest', async () => {
    const run = await aReportedRun();
    const { headers } = await server.signIn('admin');
    const answer = await server.ask('PATCH', `/api/runs/${run.id}`, headers, { notes: 'the good one', tags: ['best'] });
    expect(answer.statusCode).toBe(200);
    expect(runSchema.parse(answer.json())).toMatchObject({ name: 'mnist', notes: 'the good one', tags: ['best'] });
    const shown = await server.ask('GET', `/api/runs/${run.id}`, headers);
    expect(shown.json()).toMatchObject(answer.json());
  });

  it('[F7] stays when the FL server announces the run again', async () => {
    const run = await aReportedRun();
    const { headers } = await server.signIn('admin');
    await server.ask('PATCH', `/api/runs/${run.id}`, headers, { name: 'Hearts' });
    const reporter = await server.makeReporter();
    const at = new Date().toISOString();
    const again = run.say('run_started', { name: 'mnist', framework: 'flower', tags: ['second'], at });
    expect(await reporter.report([again])).toMatchObject({ accepted: 1 });
    const shown = await server.ask('GET', `/api/runs/${run.id}`, headers);
    expect(shown.json()).toMatchObject({ name: 'Hearts', tags: ['second'] });
    expect(shown.json()).not.toHaveProperty('edited');
  });

  it('does not let a caller write what is not theirs to write', async () => {
    const run = await aReportedRun();
    const { headers } = await server.signIn('admin');
    const change = { notes: 'x', status: 'failed', run_id: 'other', seq: 99 };
    const answer = await server.ask('PATCH', `/api/runs/${run.id}`, headers, change);
    expect(answer.json()).toMatchObject({ run_id: run.id, status: 'running', notes: 'x' });
  });

  it.each([
    [{}, 'body'],
    [{ name: '' }, 'name'],
    [{ tags: 'a' }, 'tags'],
    [{ tags: ['x'.repeat(129)] }, 'tags.0'],
    [{ notes: 'a\0b' }, 'notes'],
    [[], 'body'],
  ])('refuses %j with 422 and names %s', async (change, field) => {
    const run = await aReportedRun();
    const { headers } = await server.signIn('admin');
    const answer = await server.ask('PATCH', `/api/runs/${run.id}`, headers, change);
    expect(answer.statusCode).toBe(422);
    expect(answer.json()).toMatchObject({ errors: [{ path: field }] });
  });
});

describe('DELETE /api/runs/{run_id}', () => {
  it('takes the run and all that was reported of it away; then it is 404', async () => {
    const run = await aReportedRun();
    const { headers } = await server.signIn('admin');
    const answer = await server.ask('DELETE', `/api/runs/${run.id}`, headers);
    expect([answer.statusCode, answer.body]).toEqual([204, '']);
    expect((await server.ask('DELETE', `/api/runs/${run.id}`, headers)).statusCode).toBe(404);
    expect((await server.ask('GET', `/api/runs/${run.id}`, headers)).statusCode).toBe(404);
    const rounds = await server.ask('GET', `/api/rounds?run_id=${run.id}`, headers);
    expect(rounds.json()).toMatchObject({ items: [], total: 0 });
  });
});

describe('what only admins do', () => {
  it.each([
    ['PATCH', '/api/runs/{run}', { notes: 'x' }],
    ['DELETE', '/api/runs/{run}', undefined],
  ] as const)('%s %s is 403 for viewers, 401 for strangers and reporters', async (method, path, body) => {
    const run = await aReportedRun();
    const url = path.replace('{run}', run.id);
    const viewer = await server.signIn('viewer');
    const reporter = await server.makeReporter();
    expect((await server.ask(method, url, viewer.headers, body)).statusCode).toBe(403);
    expect((await server.ask(method, url, {}, body)).statusCode).toBe(401);
    expect((await server.ask(method, url, reporter.headers, body)).statusCode).toBe(401);
    const shown = await server.ask('GET', url, viewer.headers);
    expect(shown.json()).toMatchObject({ run_id: run.id, notes: '' });
  });

  it('is 404 for an admin when the run is missing, and does not make one', async () => {
    const { headers } = await server.signIn('admin');
    const { id } = makeRun();
    expect((await server.ask('PATCH', `/api/runs/${id}`, headers, { notes: 'x' })).statusCode).toBe(404);
    expect((await server.ask('GET', `/api/runs/${id}`, headers)).statusCode).toBe(404);
  });
});
