import { decodeMatrix, type Matrix, missingBits, type RunDispersion } from '@rondo/protocol';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openTestApp, type TestApp } from '../../testing/app.ts';
import { makeRun } from '../../testing/facts.ts';

let server: TestApp;
let headers: Readonly<Record<string, string>>;
let report: (events: readonly unknown[]) => Promise<unknown>;
beforeAll(async () => {
  server = await openTestApp();
  headers = (await server.signIn('viewer')).headers;
  const reporter = await server.makeReporter();
  report = (events) => reporter.report(events);
});
afterAll(() => server.close());

const clients = Array.from({ length: 11 }, (_, i) => `c${String(i).padStart(2, '0')}`);

async function makeReported() {
  const run = makeRun();
  const result = (round: number, client_id: string, fields: object) =>
    run.say('client_result', { round, client_id, sample_count: 10, ...fields });
  await report([
    run.say('round_started', { round: 1, client_ids: clients, num_clients_expected: 13 }),
    ...clients.map((id, i) =>
      result(1, id, {
        train_loss: i === 10 ? 'NaN' : i,
        update_norm: i === 0 ? 0 : i === 1 ? 'Infinity' : 1.5,
        metrics: { accuracy: i < 5 ? 0.5 : 1 },
      }),
    ),
    run.say('round_complete', { round: 1 }),
    run.say('round_started', { round: 3, client_ids: ['new', 'c01'] }),
    result(3, 'new', { train_loss: 7, duration_ms: 1_234 }),
  ]);
  const dispersion = async (query = '') =>
    (await server.ask('GET', `/api/runs/${run.id}/dispersion${query}`, headers)).json<RunDispersion>();
  const matrix = async (query: string): Promise<Matrix> => {
    const answer = await server.ask('GET', `/api/runs/${run.id}/matrix${query}`, headers);
    expect(answer.headers['content-type']).toBe('application/octet-stream');
    return decodeMatrix(new Uint8Array(answer.rawPayload).buffer);
  };
  return { run, result, dispersion, matrix };
}

it('[G1] spreads a measure over the clients of a round, NaN apart, and counts the unnamed', async () => {
  const { dispersion } = await makeReported();
  const { items, worst, measures } = await dispersion('?measure=train_loss&to=1');
  expect(worst).toBe('greatest');
  expect(measures).toEqual(['train_loss', 'update_norm', 'sample_count', 'accuracy']);
  expect(items).toEqual([
    {
      round: 1,
      status: 'complete',
      num_unnamed: 2,
      dispersion: {
        n: 10,
        num_not_finite: 1,
        min: 0,
        p10: 0.9,
        q1: 2.25,
        median: 4.5,
        q3: 6.75,
        p90: 8.1,
        max: 9,
        worst_tenth_mean: 9,
        jain_index: null,
      },
    },
  ]);
});

it('[G1] knows how fair an accuracy is, and that its worst are the least', async () => {
  const { dispersion } = await makeReported();
  const { items, worst } = await dispersion('?measure=accuracy');
  expect(worst).toBe('least');
  expect(items[0]?.dispersion).toMatchObject({
    worst_tenth_mean: 0.5,
    jain_index: expect.closeTo(8.5 ** 2 / (11 * 7.25)),
  });
  expect(items[1]).toEqual({ round: 3, status: 'collecting', num_unnamed: 0, dispersion: null });
});

it('[G1] follows a round while it collects, and a late answer after it', async () => {
  const { run, result, dispersion } = await makeReported();
  const of = async (round: number) => (await dispersion(`?from=${round}&to=${round}`)).items[0]?.dispersion;
  expect(await of(3)).toMatchObject({ n: 1, median: 7 });
  await report([run.say('round_complete', { round: 3 })]);
  expect(await of(3)).toMatchObject({ n: 1, median: 7 });
  await report([result(3, 'c01', { train_loss: 9 })]);
  expect(await of(3)).toMatchObject({ n: 2, median: 8 });
});

it('[G2] has missing, zero, NaN and infinity, each as itself, and rows that never move', async () => {
  const { run, result, matrix } = await makeReported();
  const losses = await matrix('?measure=train_loss');
  expect(losses.rounds).toEqual([1, 3]);
  expect(losses.open_rounds).toEqual([3]);
  expect(losses.client_ids).toEqual([...clients, 'new']);
  const row = (matrix: Matrix, client: string, column: number) =>
    column * matrix.client_ids.length + matrix.client_ids.indexOf(client as never);
  expect(losses.cells[row(losses, 'c00', 0)]).toBe(0);
  expect(losses.bits?.[row(losses, 'c00', 0)]).toBe(0);
  expect(losses.cells[row(losses, 'c10', 0)]).toBeNaN();
  expect(losses.bits?.[row(losses, 'c10', 0)]).not.toBe(missingBits);
  expect(losses.bits?.[row(losses, 'new', 0)]).toBe(missingBits);
  expect(losses.cells[row(losses, 'new', 1)]).toBe(7);
  const norms = await matrix('?measure=update_norm&to=1');
  expect([...norms.cells].slice(0, 3)).toEqual([0, Number.POSITIVE_INFINITY, 1.5]);

  await report([run.say('round_started', { round: 4, client_ids: ['aaa'] }), result(4, 'aaa', {})]);
  const outcomes = await matrix('');
  expect(outcomes.client_ids).toEqual([...clients, 'new', 'aaa']);
  expect([...outcomes.cells].slice(-13)).toEqual([...Array(12).fill(0), 2]);
  expect(outcomes.cells[row(outcomes, 'c01', 1)]).toBe(1);
});

it('[G2] answers for a run without rounds, and 404 for one that is not there', async () => {
  const run = makeRun();
  await report([run.say('run_started', { name: 'x', framework: 'f' })]);
  const answer = await server.ask('GET', `/api/runs/${run.id}/matrix`, headers);
  expect(decodeMatrix(new Uint8Array(answer.rawPayload).buffer)).toMatchObject({ rounds: [], client_ids: [] });
  expect((await server.ask('GET', '/api/runs/no/matrix', headers)).statusCode).toBe(404);
  expect((await server.ask('GET', '/api/runs/no/dispersion', headers)).statusCode).toBe(404);
});
