import type { Attention, Cost } from '@rondo/protocol';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openTestApp, type TestApp } from '../../testing/app.ts';
import { openTestDatabase } from '../../testing/database.ts';
import { RequestInMemory } from '../../testing/exchanges.ts';
import { makeRun } from '../../testing/facts.ts';
import type { Database } from '../db/database.ts';

let server: TestApp;
let database: Database;
beforeAll(async () => {
  database = await openTestDatabase();
  server = await openTestApp({ database });
});
afterAll(() => server.close());

const clients = ['c0', 'c1', 'c2', 'c3', 'c4', 'c5'];

/** Client c1 is NaN from round 3 on, c5 joins at round 50, round 60 has no results, round 70 was attempted twice. */
async function aRun() {
  const run = makeRun();
  const reporter = await server.makeReporter();
  const result = (round: number, client_id: string, n: number) =>
    run.say('client_result', {
      round,
      client_id,
      sample_count: 10 + n,
      train_loss: client_id === 'c1' && round > 2 ? 'NaN' : 1 / (round + n),
      update_norm: 1 + Math.sin(round * 7 + n),
      duration_ms: 1_000 + n,
      bytes_up: 100 + n,
    });
  const rounds = Array.from({ length: 130 }, (_, at) => {
    const round = at + 1;
    const ids = clients.filter((id) => id !== 'c5' || round >= 50);
    return [
      run.say('round_started', { round, client_ids: ids }),
      ...(round === 70 ? [result(round, 'c0', 9), run.say('round_started', { round, client_ids: ids })] : []),
      ...(round === 60 ? [] : ids.map((id, n) => result(round, id, n))),
      run.say('round_complete', { round }),
    ];
  });
  const joined = clients.map((client_id, n) =>
    run.say('client_joined', { client_id, labels: { site: n % 2 === 0 ? 'even' : 'odd' } }),
  );
  await reporter.report([run.say('run_started', { name: 'x', framework: 'f' }), ...joined, ...rounds.flat()]);
  await reporter.report([run.say('run_complete', { status: 'complete' })]);
  return run.id;
}

it('[G22] an imported run is derived: its views are those of the run, and nothing is derived by a reader', {
  timeout: 120_000,
}, async () => {
  const { headers } = await server.signIn('admin');
  const id = await aRun();
  const read = async (run: string, path: string) => {
    const answer = await server.ask('GET', `/api/runs/${run}/${path}`, headers);
    expect(answer.statusCode, `${path}: ${answer.payload.slice(0, 300)}`).toBe(200);
    return answer;
  };
  const file = (await read(id, 'export')).rawPayload;
  const copy = `${id}-copy`;
  const imported = await server.app.inject({
    method: 'POST',
    url: `/api/runs/import?run_id=${copy}&project=default`,
    headers: { ...headers, 'content-type': 'application/zip' },
    payload: file,
    Request: RequestInMemory,
  } as never);
  expect(imported.statusCode, imported.payload).toBe(201);

  const count = async (table: string) =>
    Number(
      (
        await database.db.execute<{ n: number }>(
          sql`select count(*) as n from ${sql.identifier(table)} where run_id = ${copy}`,
        )
      )[0]?.n,
    );
  expect(await count('insight_rounds')).toBe(130);
  expect(await count('insight_clients')).toBe(clients.length);
  // Of three blocks the newest goes on.
  expect(await count('insight_totals')).toBe(2);
  expect(await count('attention_kept')).toBe(1);

  const alike = (text: string) => text.replaceAll(copy, id);
  for (const path of ['dispersion', 'dispersion?measure=update_norm', 'direction', 'participation'])
    expect(alike((await read(copy, path)).payload), path).toBe((await read(id, path)).payload);
  for (const measure of ['outcome', 'train_loss', 'bytes_up']) {
    const cells = async (run: string) => {
      const bytes = (await read(run, `matrix?measure=${measure}`)).rawPayload;
      return bytes.subarray(8 + bytes.readUInt32LE(4)).toString('hex');
    };
    expect(await cells(copy), measure).toBe(await cells(id));
  }
  const [first, again, original] = [
    (await read(copy, 'cost?label=site')).json<Cost>(),
    (await read(copy, 'cost?label=site')).json<Cost>(),
    (await read(id, 'cost?label=site')).json<Cost>(),
  ];
  expect(first.by_label).toEqual(original.by_label);
  expect(again.by_label).toEqual(original.by_label);
  const of = (list: Attention) => ({ ...list, run_id: '' });
  const list = (await read(copy, 'attention')).json<Attention>();
  expect(list.items.map(({ rule }) => rule)).toContain('update_not_finite');
  expect(of(list)).toEqual(of((await read(id, 'attention')).json<Attention>()));

  expect((await server.ask('DELETE', `/api/runs/${copy}`, headers)).statusCode).toBe(204);
  for (const table of ['insight_rounds', 'insight_clients', 'insight_totals', 'attention_kept'])
    await expect.poll(() => count(table), { timeout: 60_000 }).toBe(0);
});
