import type { AddressInfo } from 'node:net';
import type { Round } from '@rondo/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestApp, type TestApp } from '../testing/app.ts';
import { makeWorld, RequestInMemory, type World } from '../testing/exchanges.ts';
import { aWholeRound, makeRun } from '../testing/facts.ts';
import { openSocket } from '../testing/socket.ts';

let server: TestApp;
let world: World;
const run = makeRun();
beforeAll(async () => {
  server = await openTestApp();
  world = await makeWorld(server);
  await world.reporter.report([
    run.say('client_joined', { client_id: 'a', dataset_size: 10 }),
    ...Array.from({ length: 25 }, (_, n) => aWholeRound(run, n + 1)).flat(),
    run.say('round_started', { round: 26, client_ids: ['a', 'b'] }),
  ]);
});
afterAll(() => server.close());

const get = async (path: string) => (await server.ask('GET', path, world.viewer.headers)).json();
const newest = async (): Promise<Round> => (await get(`/api/rounds?run_id=${run.id}`)).items[0];

/** The rows of the table of the specification, each by its name; `docs/specification.md` lists them. */
describe('API endpoints reference', () => {
  it('GET /api/rounds?limit=20&offset=0 → Paginated round history', async () => {
    const first = await get('/api/rounds?limit=20&offset=0');
    expect(first).toMatchObject({ total: 26, limit: 20, offset: 0 });
    expect(first.items.map(({ round }: Round) => round)).toEqual(Array.from({ length: 20 }, (_, n) => 26 - n));
    expect((await get('/api/rounds?limit=20&offset=20')).items).toHaveLength(6);
  });

  it('GET /api/rounds/{id} → Round detail + client updates', async () => {
    const { round_id } = await newest();
    expect(await get(`/api/rounds/${round_id}`)).toMatchObject({
      round: 26,
      status: 'collecting',
      client_updates: [
        { client_id: 'a', outcome: 'pending' },
        { client_id: 'b', outcome: 'pending' },
      ],
    });
  });

  it('GET /api/clients → All registered clients + status', async () => {
    expect(await get('/api/clients')).toMatchObject({
      total: 2,
      items: [
        { client_id: 'a', status: 'training', is_online: true, dataset_size: 10 },
        { client_id: 'b', status: 'training', is_online: true, dataset_size: 10 },
      ],
    });
  });

  it('GET /api/clients/{id}/history → Client metrics history', async () => {
    const history = await get('/api/clients/a/history');
    expect([history.client_id, history.total]).toEqual(['a', 26]);
    expect(history.items[1]).toMatchObject({ round: 25, outcome: 'complete', sample_count: 10, train_loss: 0.5 });
  });

  it('GET /api/models → Model registry', async () => {
    const { run_id, version } = await world.aModel();
    expect(await get(`/api/models?run_id=${run_id}`)).toMatchObject({ total: 1, items: [{ version, run_id }] });
  });

  it('GET /api/models/{version}/download → Download model checkpoint', async () => {
    const { version } = await world.aModel();
    const url = `/api/models/${version}/download`;
    const answer = await server.app.inject({ url, headers: world.viewer.headers, Request: RequestInMemory });
    // Stored content is named by its own digest.
    expect([answer.statusCode, answer.body]).toEqual([200, version]);
    expect(answer.headers['content-disposition']).toMatch('attachment');
  });

  it('POST /api/rounds/{id}/stop → Force stop a round (admin)', async () => {
    const { open } = await world.aRun();
    const stop = (headers: Record<string, string>) =>
      server.ask('POST', `/api/rounds/${open}/stop`, headers, { reason: 'too slow' });
    expect((await stop(world.viewer.headers)).statusCode).toBe(403);
    const answer = await stop(world.admin.headers);
    expect([answer.statusCode, answer.json().stop_reason]).toEqual([202, 'too slow']);
    expect(await world.reporter.report([])).toMatchObject({
      commands: [{ command: 'stop_round', reason: 'too slow' }],
    });
  });

  it('GET /api/metrics/summary → Latest global metrics', async () => {
    expect(await get(`/api/metrics/summary?run_id=${run.id}`)).toMatchObject({ round: 25, global_loss: 1 / 25 });
  });

  it('GET /api/health → Server health check', async () => {
    expect((await server.ask('GET', '/api/health')).json()).toMatchObject({ status: 'ok', version: '0.0.0-test' });
  });

  it('WS /ws/events?token=... → Real-time event stream', async () => {
    await server.app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = server.app.server.address() as AddressInfo;
    const socket = await openSocket(`ws://127.0.0.1:${port}/ws/events?token=${world.viewer.token}&run_id=${run.id}`);
    expect(await socket.next()).toMatchObject({ type: 'snapshot', run_id: run.id });
    await world.reporter.report([run.say('round_complete', { round: 26, global_loss: 0.01 })]);
    const batch = await socket.next();
    await socket.close();
    expect(batch).toMatchObject({ type: 'batch', run_id: run.id });
    expect(batch.type === 'batch' && batch.events.map(({ type }) => type)).toContain('round_complete');
  });
});
