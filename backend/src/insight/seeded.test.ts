import type { Attention, AttentionItem, AttentionRule, Waiting } from '@rondo/protocol';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openTestApp, type TestApp } from '../../testing/app.ts';
import { makeRun } from '../../testing/facts.ts';

/*
 * A small federation with the troubles of a real one: stragglers, flaky clients, NaN, one client that diverges, one that
 * sends the model back, a failed round and a privacy budget that runs out; and a clean one beside it.
 */
let server: TestApp;
let viewer: Readonly<Record<string, string>>;
let report: (events: readonly unknown[]) => Promise<unknown>;
beforeAll(async () => {
  server = await openTestApp();
  viewer = (await server.signIn('viewer')).headers;
  const reporter = await server.makeReporter();
  report = (events) => reporter.report(events);
});
afterAll(() => server.close());

/** Mulberry32 and Box–Muller. */
function makeRandom(seed: number) {
  let state = seed;
  const uniform = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  return { uniform, normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()) };
}

const numClients = 60;
const rounds = 40;
const [diverging, freeRider, broken] = [46, 13, 7];
const [divergesAfter, restsAfter] = [25, 30];

async function makeFederation(isClean: boolean) {
  const run = makeRun();
  const { uniform, normal } = makeRandom(isClean ? 11 : 42);
  const clients = Array.from({ length: numClients }, (_, i) => ({
    id: `site-${String(i).padStart(4, '0')}`,
    hard: Math.exp(0.35 * normal()),
    slow: !isClean && i % 9 === 0 ? 9 + 3 * uniform() : Math.exp(0.2 * normal()),
  }));
  const ids = clients.map(({ id }) => id);
  await report([run.say('run_started', { name: 'x', framework: 'f', config: { privacy: { target_epsilon: 3 } } })]);
  for (let round = 1; round <= rounds; round++) {
    const facts: unknown[] = [run.say('round_started', { round, client_ids: ids })];
    for (const [i, { id, hard, slow }] of clients.entries()) {
      if (!isClean && uniform() < 0.01) {
        facts.push(run.say('client_failed', { round, client_id: id, reason: 'out of memory' }));
        continue;
      }
      let train_loss: number | 'NaN' = (0.5 + 3 * Math.exp(-round / 15)) * hard * (0.92 + 0.16 * uniform());
      let update_norm = (1.1 * Math.exp(-round / 40) + 0.25) * hard * (0.8 + 0.4 * uniform());
      let cosine_to_mean = Math.max(-1, Math.min(1, 0.62 - 0.2 * (hard - 1) + 0.08 * normal()));
      if (!isClean && i === diverging && round > divergesAfter) {
        update_norm *= 1 + (round - divergesAfter) * 8;
        cosine_to_mean = -0.35 - 0.4 * uniform();
      }
      if (!isClean && i === broken && round % 9 === 0) train_loss = 'NaN';
      if (!isClean && i === freeRider && round > restsAfter) [update_norm, cosine_to_mean] = [0, 0];
      const duration_ms = Math.round((22_000 + 8_000 * uniform()) * slow);
      const fields = { sample_count: 100, train_loss, update_norm, cosine_to_mean, duration_ms };
      facts.push(run.say('client_result', { round, client_id: id, ...fields }));
    }
    if (!isClean) facts.push(run.say('privacy_spent', { round, epsilon: 0.4 * Math.sqrt(round), delta: 1e-5 }));
    await report([...facts, run.say('round_complete', { round, global_loss: 1 / round })]);
  }
  const read = async <T>(path: string) => (await server.ask('GET', `/api/runs/${run.id}/${path}`, viewer)).json<T>();
  return { run, ids, read };
}

const of = (items: readonly AttentionItem[], rule: AttentionRule) => items.filter((item) => item.rule === rule);

it('[G4] names each trouble of a federation with the round since when, and groups its stragglers', {
  timeout: 120_000,
}, async () => {
  const { ids, read } = await makeFederation(false);
  const { items, to_round } = await read<Attention>('attention');
  expect(to_round).toBe(rounds);
  const [norm, ...others] = of(items, 'update_norm_unusual').filter(({ severity }) => severity !== 'info');
  expect(others).toEqual([]);
  expect(norm).toMatchObject({ severity: 'critical', client_id: ids[diverging], since_round: divergesAfter + 1 });
  const [cosine, ...falseMarks] = of(items, 'cosine_unusual').sort(
    (a, b) => Number(a.since_round) - Number(b.since_round),
  );
  expect(cosine).toMatchObject({ client_id: ids[diverging], since_round: divergesAfter + 1 });
  // Cosines near 1 are noisier on Fisher's scale: within the budget of six rounds of a hundred for unequal noise.
  expect(falseMarks.length, JSON.stringify(falseMarks)).toBeLessThanOrEqual(1);
  expect(of(items, 'zero_update')).toMatchObject([{ client_id: ids[freeRider], since_round: restsAfter + 1 }]);
  expect(of(items, 'update_not_finite')).toMatchObject([{ client_id: ids[broken], since_round: 9, round: 36 }]);
  expect(of(items, 'epsilon_near_target')).toMatchObject([{ round: rounds }]);
  const [stragglers, ...more] = of(items, 'straggler');
  expect(more).toEqual([]);
  expect(stragglers?.client_id).toBeUndefined();
  expect(stragglers?.client_ids?.toSorted()).toEqual(ids.filter((_, i) => i % 9 === 0));
  expect(stragglers?.detail).toMatch(
    /^7 clients, above all site-\d{4}: it usually takes [\d.]+× the median duration \(normal up to [\d.]+×\)$/,
  );
});

it('[G5] says hardly anything of a clean federation', { timeout: 120_000 }, async () => {
  const { read } = await makeFederation(true);
  const { items } = await read<Attention>('attention');
  // By its false-alarm budget, the list may have one item in 40 rounds.
  expect(items.length, JSON.stringify(items)).toBeLessThanOrEqual(1);
  expect(await read<Waiting>('waiting')).toMatchObject({ cause: 'between_rounds', expected_end: { state: 'none' } });
});
