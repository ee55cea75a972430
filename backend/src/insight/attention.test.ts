import type { Attention, AttentionItem, AttentionRule, Timeline } from '@rondo/protocol';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openTestApp, type TestApp } from '../../testing/app.ts';
import { makeRun } from '../../testing/facts.ts';
import { makeNormal } from '../../testing/random.ts';

let server: TestApp;
let admin: Readonly<Record<string, string>>;
let viewer: Readonly<Record<string, string>>;
let report: (events: readonly unknown[]) => Promise<unknown>;
beforeAll(async () => {
  server = await openTestApp();
  admin = (await server.signIn('admin')).headers;
  viewer = (await server.signIn('viewer')).headers;
  const reporter = await server.makeReporter();
  report = (events) => reporter.report(events);
});
afterAll(() => server.close());

type Figures = Record<string, unknown>;
const clients = Array.from({ length: 12 }, (_, i) => `c${String(i).padStart(2, '0')}`);

/** A federation whose clients differ permanently; `change` overrides one of them. */
async function makeFederation(
  rounds: number,
  change: (client: number, round: number) => Figures | 'failed' | 'absent' | undefined = () => undefined,
  config: Figures = {},
) {
  const run = makeRun();
  const normal = makeNormal(7);
  const lasting = clients.map(() => Math.exp(0.5 * normal()));
  await report([run.say('run_started', { name: 'x', framework: 'f', config })]);
  for (let round = 1; round <= rounds; round++) {
    const facts: unknown[] = [run.say('round_started', { round, client_ids: clients })];
    for (const [i, client_id] of clients.entries()) {
      const noise = (scale: number) => Math.exp(scale * normal());
      const usual = {
        sample_count: 100,
        train_loss: (lasting[i] as number) * noise(0.1),
        update_norm: 2 * (lasting[i] as number) * noise(0.1),
        cosine_to_mean: Math.tanh(0.8 + 0.1 * normal()),
        duration_ms: 10_000 * noise(0.1),
      };
      const changed = change(i, round);
      if (changed === 'failed') facts.push(run.say('client_failed', { round, client_id, reason: 'out of memory' }));
      else if (changed === 'absent') facts.push(run.say('client_no_reply', { round, client_id }));
      else facts.push(run.say('client_result', { round, client_id, ...usual, ...changed }));
    }
    await report([...facts, run.say('round_complete', { round, global_loss: 1 / round })]);
  }
  const url = `/api/runs/${run.id}/attention`;
  const read = async () => (await server.ask('GET', url, viewer)).json<Attention>();
  return { run, url, read };
}

const of = (items: readonly AttentionItem[], rule: AttentionRule) => items.filter((item) => item.rule === rule);

it('[G4] says nothing of an honest federation, and states its budget', async () => {
  const { read } = await makeFederation(25);
  const { items, budget, to_round } = await read();
  expect(items).toEqual([]);
  expect(to_round).toBe(25);
  expect(budget).toMatchObject({ false_marks_per_100_rounds: 2, num_clients: 12 });
  expect(budget.statement).toContain('copies the norms');
});

it('[G4] names a threefold norm with its evidence, and since which round it lasts', { timeout: 60_000 }, async () => {
  const { read } = await makeFederation(45, (i, round) => (i === 3 && round > 40 ? { update_norm: 14 } : undefined));
  const [item] = of((await read()).items, 'update_norm_unusual');
  expect(item).toMatchObject({ client_id: 'c03', since_round: 41, round: 45, evidence: { rounds: 5 } });
  expect(item?.detail).toMatch(/^its update norm is [\d.]+× its usual one \(normal up to [\d.]+×\)$/);
});

it('[G4] names facts at once: zero, NaN, and three failures or silences in a row, not two', async () => {
  const { read } = await makeFederation(4, (i, round) => {
    if (i === 0) return { update_norm: 0, cosine_to_mean: 0 };
    if (i === 1 && round === 2) return { train_loss: 'NaN' };
    if (i === 2) return round > 1 ? 'failed' : undefined;
    if (i === 3) return round > 2 ? 'failed' : undefined;
    return i === 4 && round > 1 ? 'absent' : undefined;
  });
  const { items } = await read();
  expect(items.map(({ rule, client_id, since_round }) => [rule, client_id, since_round])).toEqual([
    ['update_not_finite', 'c01', 2],
    ['zero_update', 'c00', 1],
    ['failed_in_a_row', 'c02', 2],
    ['absent_in_a_row', 'c04', 2],
  ]);
});

it('[G4] takes a row of failures back with the first result', async () => {
  const { read } = await makeFederation(5, (i, round) => (i === 2 && round < 5 ? 'failed' : undefined));
  expect(of((await read()).items, 'failed_in_a_row')).toEqual([]);
});

it('[G4] suspects figures that repeat, of a client or of two', async () => {
  const { read } = await makeFederation(3, (i, round) => {
    if (i === 5) return { update_norm: 1.234567, train_loss: 0.7654321 };
    return (i === 6 || i === 7) && round === 3
      ? { update_norm: 1.111117, train_loss: 0.3333337, cosine_to_mean: 0.5 }
      : undefined;
  });
  const { items } = await read();
  expect(of(items, 'free_rider')).toMatchObject([{ client_id: 'c05', since_round: 2 }]);
  expect(of(items, 'duplicate_update')).toMatchObject([{ client_id: 'c07', evidence: { other_client: 'c06' } }]);
});

it('[G4] looks at the run itself: all failed, NaN as a result, epsilon near and over its target', async () => {
  const { run, read } = await makeFederation(2, (_, round) => (round === 2 ? 'failed' : undefined), {
    privacy: { target_epsilon: 10 },
  });
  await report([run.say('privacy_spent', { round: 2, epsilon: 7.9, delta: 1e-5 })]);
  expect(of((await read()).items, 'epsilon_near_target')).toEqual([]);
  expect(of((await read()).items, 'all_clients_failed')).toMatchObject([{ severity: 'critical', since_round: 2 }]);
  await report([
    run.say('round_complete', { round: 3, global_loss: 'NaN' }),
    run.say('privacy_spent', { round: 3, epsilon: 8, delta: 1e-5 }),
  ]);
  const { items } = await read();
  expect(of(items, 'epsilon_near_target')).toMatchObject([{ detail: 'ε is 8, 80 % of its target 10' }]);
  expect(of(items, 'result_not_finite')).toMatchObject([{ round: 3 }]);
  await report([run.say('privacy_spent', { round: 4, epsilon: 10, delta: 1e-5 })]);
  expect((await read()).items[0]).toMatchObject({ rule: 'epsilon_over_target', severity: 'critical' });
});

it('[G4] mutes a rule of a client in a run, keeps it in sight, and can be taken back', async () => {
  const { url, read } = await makeFederation(1, (i) => (i < 2 ? { update_norm: 0 } : undefined));
  const mute = { client_id: 'c00', rule: 'zero_update', reason: 'a test client' };
  expect((await server.ask('PUT', `${url}/mutes`, viewer, mute)).statusCode).toBe(403);
  expect((await server.ask('PUT', `${url}/mutes`, admin, {})).statusCode).toBe(422);
  expect((await server.ask('PUT', `${url}/mutes`, admin, mute)).statusCode).toBe(200);
  expect(await read()).toMatchObject({
    items: [{ client_id: 'c01' }],
    total: 1,
    muted_items: [{ client_id: 'c00' }],
    mutes: [{ ...mute }],
  });
  const query = '?client_id=c00&rule=zero_update';
  expect((await server.ask('DELETE', `${url}/mutes${query}`, admin)).statusCode).toBe(204);
  expect((await server.ask('DELETE', `${url}/mutes${query}`, admin)).statusCode).toBe(404);
  expect(await read()).toMatchObject({ total: 2, muted_items: [] });
});

it('[G4] replays a rule over the stored rounds', async () => {
  const { url } = await makeFederation(14, (i, round) => (i === 1 && round < 3 ? { update_norm: 0 } : undefined));
  const replay = (rule: string) =>
    server.ask('GET', `${url}/replay?rule=${rule}`, viewer).then((answer) => answer.json());
  expect(await replay('zero_update')).toMatchObject({
    times: 1,
    sentence: 'it would have fired once in 14 rounds',
    episodes: [{ client_id: 'c01', from_round: 1, to_round: 2 }],
  });
  expect(await replay('failed_in_a_row')).toMatchObject({ times: 0, episodes: [] });
});

it('[G19] a timeline says when each finding was on the list, and when clients joined', async () => {
  const { run, url } = await makeFederation(6, (i, round) => {
    if (i === 2 && round < 5) return 'failed';
    return i === 0 && round > 3 ? { update_norm: 0, cosine_to_mean: 0 } : undefined;
  });
  await report([
    run.say('client_joined', { client_id: 'c00', at: '2026-01-31T11:00:00.000Z' }),
    run.say('round_failed', { round: 7, reason: 'no memory' }),
  ]);
  const timeline = (await server.ask('GET', url.replace('/attention', '/timeline'), viewer)).json<Timeline>();
  const shown = timeline.episodes.map(({ rule, client_id, since_round, steps, to_round }) => ({
    rule,
    client_id,
    since_round,
    from: steps[0]?.round,
    to_round,
  }));
  expect(shown).toEqual([
    { rule: 'failed_in_a_row', client_id: 'c02', since_round: 1, from: 3, to_round: 5 },
    { rule: 'zero_update', client_id: 'c00', since_round: 4, from: 4, to_round: null },
    { rule: 'round_failed', client_id: null, since_round: 7, from: 7, to_round: null },
  ]);
  expect(timeline.episodes[0]?.steps[0]).toMatchObject({
    severity: 'warning',
    detail: 'it failed in 3 rounds in a row',
  });
  expect(timeline.clients.joined_at[timeline.clients.client_id.indexOf('c00' as never)]).not.toBeNull();
  expect(timeline.clients.joined_at[timeline.clients.client_id.indexOf('c01' as never)]).toBeNull();
});
