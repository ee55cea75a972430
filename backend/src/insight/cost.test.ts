import type { Attention, Cost } from '@rondo/protocol';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openTestApp, type TestApp } from '../../testing/app.ts';
import { counting } from '../../testing/counting.ts';
import { openTestDatabase } from '../../testing/database.ts';
import { makeRun } from '../../testing/facts.ts';
import { openSocket } from '../../testing/socket.ts';

let server: TestApp;
let viewer: Awaited<ReturnType<TestApp['signIn']>>;
let report: (events: readonly unknown[]) => Promise<unknown>;
let queries = 0;
beforeAll(async () => {
  const database = await openTestDatabase();
  const db = counting(database.db, () => {
    queries += 1;
  });
  server = await openTestApp({ database: { ...database, db } });
  viewer = await server.signIn('viewer');
  const reporter = await server.makeReporter();
  report = (events) => reporter.report(events);
});
afterAll(() => server.close());

async function aRun(clients: number, rounds: number) {
  const run = makeRun();
  const ids = Array.from({ length: clients }, (_, n) => `c${n}`);
  const regions = ids.map((client_id, n) =>
    run.say('client_joined', { client_id, labels: n % 3 === 0 ? {} : { region: n % 3 === 1 ? 'north' : 'south' } }),
  );
  const facts = Array.from({ length: rounds }, (_, n) => [
    run.say('round_started', { round: n + 1, client_ids: ids }),
    ...ids.map((client_id, at) =>
      run.say('client_result', {
        round: n + 1,
        client_id,
        sample_count: 10,
        duration_ms: 1_000,
        bytes_up: 100 + at,
        bytes_down: 7,
      }),
    ),
    run.say('round_complete', { round: n + 1 }),
  ]);
  await report([run.say('run_started', { name: 'x', framework: 'f' }), ...regions, ...facts.flat()]);
  const read = async (query = '') => {
    queries = 0;
    const cost = (await server.ask('GET', `/api/runs/${run.id}/cost${query}`, viewer.headers)).json<Cost>();
    return { cost, queries };
  };
  return { run, read };
}

it('[G9] sums the clients of each round and cumulates from the first one, also of a part of the run', async () => {
  const { read } = await aRun(4, 3);
  const { cost } = await read();
  expect(cost).toMatchObject({
    round: [1, 2, 3],
    client_ms: [4_000, 4_000, 4_000],
    bytes_up: [406, 406, 406],
    bytes_down: [28, 28, 28],
    examples: [40, 40, 40],
    cumulated_bytes_up: [406, 812, 1_218],
    cumulated_client_ms: [4_000, 8_000, 12_000],
    by_label: null,
    labels: ['region'],
  });
  const { cost: last } = await read('?from=3');
  expect(last).toMatchObject({ round: [3], bytes_up: [406], cumulated_bytes_up: [1_218] });
});

it('[G9] splits the whole cost by a label, clients without it as one group', async () => {
  const { read } = await aRun(6, 2);
  const items = (await read('?label=region')).cost.by_label?.items ?? [];
  expect(items.map(({ value, num_clients, bytes_up }) => [value, num_clients, bytes_up]).sort()).toEqual([
    [null, 2, 2 * (100 + 103)],
    ['north', 2, 2 * (101 + 104)],
    ['south', 2, 2 * (102 + 105)],
  ]);
});

it('[G9] a split costs as many queries for sixty clients as for six', async () => {
  const [few, many] = [await aRun(6, 3), await aRun(60, 3)];
  for (const { read } of [few, many]) await read('?label=region');
  await expect
    .poll(async () => (await many.read('?label=region')).queries - (await few.read('?label=region')).queries, {
      timeout: 30_000,
    })
    .toBe(0);
});

it('[G6] a list that changed arrives at the page of its run', { timeout: 60_000 }, async () => {
  await server.app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = server.app.server.address() as { port: number };
  const { run } = await aRun(3, 1);
  const socket = await openSocket(`ws://127.0.0.1:${port}/ws/events?token=${viewer.token}&run_id=${run.id}`);
  await report([
    run.say('round_started', { round: 2, client_ids: ['c0', 'c1', 'c2'] }),
    run.say('client_result', { round: 2, client_id: 'c1', sample_count: 10, train_loss: 'NaN' }),
    run.say('round_complete', { round: 2 }),
  ]);
  const listOf = (message: unknown): Attention | undefined => {
    const events = (message as { events?: { type: string; data: Attention }[] }).events ?? [];
    return events.find(({ type }) => type === 'attention')?.data;
  };
  let list: Attention | undefined;
  while (!list) list = listOf(await socket.next());
  expect(list).toMatchObject({ run_id: run.id, total: 1, items: [{ rule: 'update_not_finite', client_id: 'c1' }] });
  await socket.close();
});
