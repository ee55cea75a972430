import { setTimeout as wait } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestApp, type TestApp } from '../../testing/app.ts';
import { makeRun } from '../../testing/facts.ts';
import { type PostgresServer, startPostgres } from '../../testing/postgres.ts';
import { openDatabase } from './database.ts';

describe('PostgreSQL goes away and comes back under load', { timeout: 60_000 }, () => {
  let postgres: PostgresServer;
  let server: TestApp;
  beforeAll(async () => {
    postgres = await startPostgres();
    const databaseUrl = await postgres.createDatabase('restarted');
    server = await openTestApp({ database: await openDatabase({ databaseUrl, dataDir: '/nowhere' }) });
  });
  afterAll(async () => {
    await server.close();
    await postgres.stop();
  });

  const health = async () => (await server.ask('GET', '/api/health')).json<{ status: string }>().status;

  const killConnections = () =>
    server.database.db.execute(
      sql`select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and datname = current_database()`,
    );

  it('connections that died while idle cause no error', async () => {
    const { headers } = await server.signIn('viewer');
    const { post } = await server.makeReporter();
    const run = makeRun();
    const report = async () => (await post([run.say('client_joined', { client_id: 'a' })])).statusCode;
    const many = <T>(ask: () => Promise<T>) => Promise.all(Array.from({ length: 15 }, ask));
    const read = async () => (await server.ask('GET', '/api/runs', headers)).statusCode;
    expect(new Set(await many(read))).toEqual(new Set([200]));
    await killConnections();
    expect(new Set(await many(read))).toEqual(new Set([200]));
    expect(await report()).toBe(200);
    await killConnections();
    expect(await report()).toBe(200);
  });

  it('connections killed under load cost no acknowledged event and no 500', async () => {
    const load = await startLoad(server);
    for (let kill = 0; kill < 5; kill++) {
      await load.acknowledgedAfterNow();
      await killConnections();
    }
    await load.acknowledgedAfterNow();
    const { statuses, stored, acknowledged } = await load.stop();
    const others = Object.keys({ ...statuses.reads, ...statuses.ingest }).filter(
      (status) => !/^(200|503)$/.test(status),
    );
    expect(others).toEqual([]);
    expect(stored).toEqual(acknowledged);
  });

  it('a restart is 503 with Retry-After while it lasts, health says degraded, and all recovers by itself', async () => {
    const load = await startLoad(server);
    await load.acknowledgedAfterNow();
    expect(await health()).toBe('ok');
    await postgres.halt();
    expect(await health()).toBe('degraded');
    await load.refusedAfterNow();
    await postgres.resume();
    await expect.poll(health, { timeout: 10_000, interval: 50 }).toBe('ok');
    await load.acknowledgedAfterNow();
    const { statuses, stored, acknowledged, retryAfter } = await load.stop();
    expect(statuses.reads['503']).toBeGreaterThan(0);
    expect(statuses.ingest['503']).toBeGreaterThan(0);
    expect(Object.keys({ ...statuses.reads, ...statuses.ingest }).sort()).toEqual(['200', '503']);
    expect([...retryAfter]).toEqual(['1']);
    expect(stored).toEqual(acknowledged);
  });
});

/** Reporters that repeat a batch until it is acknowledged, as ours do, and people who read. */
async function startLoad(server: TestApp) {
  const { headers } = await server.signIn('viewer');
  const statuses = { reads: {} as Record<string, number>, ingest: {} as Record<string, number> };
  const retryAfter = new Set<unknown>();
  let isOver = false;
  const acknowledged: Record<string, number> = {};

  const count = (kind: 'reads' | 'ingest', { statusCode, headers: said }: Awaited<ReturnType<TestApp['ask']>>) => {
    statuses[kind][statusCode] = (statuses[kind][statusCode] ?? 0) + 1;
    if (statusCode === 503) retryAfter.add(said['retry-after']);
  };
  const read = async () => {
    while (!isOver) {
      const answer = await server.ask('GET', '/api/runs', headers);
      count('reads', answer);
      if (answer.statusCode !== 200) await wait(20); // a caller's backoff
    }
  };
  const report = async ({ headers: key }: Awaited<ReturnType<TestApp['makeReporter']>>) => {
    const run = makeRun();
    for (let batch = 1; !isOver; batch++) {
      const events = Array.from({ length: 20 }, (_, n) =>
        run.say('metric', { name: 'loss', value: n, step: batch * 100 + n }),
      );
      for (let isStored = false; !isStored; ) {
        const answer = await server.ask('POST', '/api/ingest', key, { reporter_id: run.id, batch, events });
        count('ingest', answer);
        isStored = answer.statusCode === 200;
        if (!isStored) await wait(20); // a reporter's backoff
        if (isOver && !isStored) return;
      }
      acknowledged[run.id] = batch * 20;
    }
  };
  const reporters = await Promise.all(Array.from({ length: 4 }, server.makeReporter));
  const working = [...Array.from({ length: 6 }, read), ...reporters.map(report)];
  const next = (status: string) => async () => {
    const before = statuses.ingest[status] ?? 0;
    await expect
      .poll(() => statuses.ingest[status] ?? 0, { timeout: 20_000, interval: 20 })
      .toBeGreaterThan(before + 5);
  };
  return {
    acknowledgedAfterNow: next('200'),
    refusedAfterNow: next('503'),
    async stop() {
      isOver = true;
      await Promise.all(working);
      const stored: Record<string, number> = {};
      for (const run_id of Object.keys(acknowledged)) {
        const [row] = await server.database.db.execute<{ n: number }>(
          sql`select count(*)::int as n from metric_points where run_id = ${run_id}`,
        );
        stored[run_id] = row?.n ?? 0;
      }
      return { statuses, retryAfter, stored, acknowledged };
    },
  };
}
