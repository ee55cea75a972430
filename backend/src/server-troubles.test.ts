import type { Alert, Attention } from '@rondo/protocol';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { openTestApp, type TestApp } from '../testing/app.ts';
import { openTestDatabase } from '../testing/database.ts';
import { makeRun } from '../testing/facts.ts';
import { makeFaulty } from '../testing/faulty-database.ts';

let server: TestApp;
let faulty: ReturnType<typeof makeFaulty>;
let admin: Readonly<Record<string, string>>;
beforeAll(async () => {
  faulty = makeFaulty(await openTestDatabase());
  server = await openTestApp({
    database: faulty.database,
    alerts: { secretKey: 'a secret of at least thirty-two bytes', everyMs: 20 },
    watchServerEveryMs: 20,
  });
  admin = (await server.signIn('admin')).headers;
});
afterEach(() => {
  faulty.setFull(false);
  faulty.setDown(false);
});
afterAll(() => server.close());

const patience = { timeout: 30_000, interval: 50 };

async function aWatchedRun(rule: string) {
  const run = makeRun();
  const reporter = await server.makeReporter();
  const when = { kind: 'attention', rules: [rule] };
  const made = await server.ask('POST', '/api/alert-rules', admin, { name: rule, when, tag: run.id });
  const start = [run.say('run_started', { name: 'x', framework: 'f', tags: [run.id] })];
  await reporter.report(start);
  return {
    run,
    reporter,
    items: async () =>
      (await server.ask('GET', `/api/runs/${run.id}/attention`, admin))
        .json<Attention>()
        .items.filter((item) => item.rule === rule),
    gauge: async () =>
      (await server.app.inject('/metrics')).body.match(
        new RegExp(`^rondo_server_trouble\\{rule="${rule}"\\} (\\d)`, 'm'),
      )?.[1],
    alerts: async () =>
      (await server.ask('GET', `/api/alerts?rule_id=${made.json<{ id: string }>().id}`, admin)).json<{
        items: Alert[];
      }>().items,
  };
}

it('[G15] a full disk of the database is in the list, in the figures and in an alert', {
  timeout: 90_000,
}, async () => {
  const { run, reporter, items, gauge, alerts } = await aWatchedRun('server_disk');
  expect([await items(), await gauge()]).toEqual([[], '0']);
  faulty.setFull(true);
  const refused = await reporter.post([run.say('round_started', { round: 1, num_clients_expected: 1 })]);
  expect([refused.statusCode, refused.body]).toEqual([507, expect.stringContaining('disk is full')]);
  await vi.waitFor(async () => expect(await gauge()).toBe('1'), patience);
  expect(await items()).toMatchObject([{ severity: 'critical', evidence: { is_over: false } }]);
  expect((await items())[0]?.detail).toMatch(/^the server refuses reports: .*disk is full$/);
  faulty.setFull(false);
  await vi.waitFor(async () => expect(await gauge()).toBe('0'), patience);
  expect(await items()).toMatchObject([{ evidence: { is_over: true } }]);
  const [alert, ...more] = await vi.waitFor(async () => {
    const made = await alerts();
    expect(made).not.toEqual([]);
    return made;
  }, patience);
  expect(more).toEqual([]);
  expect(alert).toMatchObject({ run_id: run.id, attention_rule: 'server_disk', severity: 'critical', over_at: null });
});

it('[G15] a database that was away is in the list, in the figures and in an alert', { timeout: 90_000 }, async () => {
  const { run, items, gauge, alerts } = await aWatchedRun('server_database');
  expect([await items(), await gauge()]).toEqual([[], '0']);
  faulty.setDown(true);
  await vi.waitFor(async () => expect(await gauge()).toBe('1'), patience);
  faulty.setDown(false);
  await vi.waitFor(async () => expect(await gauge()).toBe('0'), patience);
  expect(await items()).toMatchObject([{ severity: 'critical', evidence: { is_over: true } }]);
  await vi.waitFor(
    async () => expect(await alerts()).toMatchObject([{ run_id: run.id, attention_rule: 'server_database' }]),
    patience,
  );
});
