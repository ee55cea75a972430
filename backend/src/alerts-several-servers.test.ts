import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Alert } from '@rondo/protocol';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openTestApp, type TestApp } from '../testing/app.ts';
import { makeRun } from '../testing/facts.ts';
import { type PostgresServer, startPostgres } from '../testing/postgres.ts';
import { startProcess } from '../testing/process.ts';
import { startReceiver } from '../testing/receiver.ts';
import { parseNetwork } from './alerts/addresses.ts';
import { leaseMs } from './alerts/deliver.ts';
import { AlertEvaluator } from './alerts/evaluate.ts';
import { openDatabase } from './db/database.ts';
import { claimDeliveries } from './db/queries/alert-outbox.ts';

const secretKey = 'a secret of at least thirty-two bytes';
const loopback = parseNetwork('127.0.0.1');
/** A server of which the test sets the pace: by itself it does nothing. */
const never = 3_600_000;

let postgres: PostgresServer | undefined;
let databaseUrl: string;
let dataDir: string;
beforeAll(async () => {
  postgres = await startPostgres();
  dataDir = await mkdtemp(join(tmpdir(), 'rondo-alerts-'));
});
beforeEach(async ({ task }) => {
  databaseUrl = (await postgres?.createDatabase(task.id)) ?? '';
});
afterAll(async () => {
  await postgres?.stop();
  await rm(dataDir, { recursive: true, force: true });
});

const openServer = async (everyMs: number, now?: () => number): Promise<TestApp> =>
  openTestApp({
    database: await openDatabase({ databaseUrl, dataDir: '/nowhere' }),
    alerts: { secretKey, allowed: loopback ? [loopback] : [], everyMs, groupWaitMs: 0, now },
  });

const setUp = async (server: TestApp, url: string) => {
  const { headers } = await server.signIn('admin');
  const ask = async (path: string, body: object) =>
    (await server.ask('POST', path, headers, body)).json<{ id: string }>().id;
  const channel = await ask('/api/alert-channels', { kind: 'webhook', name: 'x', url });
  const when = { kind: 'run_failed' };
  const tag = makeRun().id;
  const rule = await ask('/api/alert-rules', { name: 'x', when, tag, channel_ids: [channel], throttle_s: 0 });
  const history = async () =>
    (await server.ask('GET', `/api/alerts?rule_id=${rule}`, headers)).json<{ items: Alert[] }>().items;
  return { tag, history };
};

const failing = (tag: string) => {
  const run = makeRun();
  return [
    run.say('run_started', { name: 'a run', framework: 'flower', tags: [tag] }),
    run.say('run_complete', { status: 'failed' }),
  ];
};

describe('alerts of several servers on one PostgreSQL', () => {
  it('[E3] [E7] are made once and taken once, however many servers look', async () => {
    const servers = [await openServer(never), await openServer(never)] as const;
    try {
      const { tag, history } = await setUp(servers[0], 'http://127.0.0.1:9/');
      const reporter = await servers[0].makeReporter();
      for (let n = 0; n < 3; n++) await reporter.report(failing(tag));
      const now = Date.now;
      await Promise.all(
        servers.flatMap(({ database: { db } }) =>
          [1, 2].map(() => new AlertEvaluator({ db, now, groupWaitMs: 0 }).look()),
        ),
      );
      expect(await history()).toHaveLength(3);
      const at = new Date(now() + 1_000).toISOString();
      const leaseUntil = new Date(now() + leaseMs).toISOString();
      const taken = await Promise.all(
        servers.map(({ database: { db } }) =>
          claimDeliveries(db, { now: at, lease: crypto.randomUUID(), leaseUntil, limit: 8 }),
        ),
      );
      const ids = taken.flat().map(({ id }) => id);
      expect(ids.length).toBeGreaterThan(0);
      expect(new Set(ids).size).toBe(ids.length);
      const sent = (await history()).flatMap(({ deliveries }) => deliveries ?? []);
      expect(new Set(sent.map(({ id }) => id))).toEqual(new Set(ids));
    } finally {
      for (const server of servers) await server.close();
    }
  });

  it('[E3] a rule that is made on one server is known to the others at once', async () => {
    const [quiet, other] = [await openServer(never), await openServer(20)];
    try {
      const reporter = await other.makeReporter();
      // By now it has read that there are no rules, and asks no more.
      await reporter.report(failing(makeRun().id));
      const receiver = await startReceiver();
      const { tag, history } = await setUp(quiet, receiver.url);
      const next = receiver.next();
      await reporter.report(failing(tag));
      await next;
      expect(await history()).toHaveLength(1);
      await receiver.close();
    } finally {
      await quiet.close();
      await other.close();
    }
  });

  it('[E7] a message of a server that is killed while it sends arrives from another one, and counts as repeated', async () => {
    const receiver = await startReceiver();
    const quiet = await openServer(never);
    const { tag, history } = await setUp(quiet, receiver.url);
    const { key } = await quiet.makeReporter();
    const doomed = startProcess({
      DATABASE_URL: databaseUrl,
      DATA_DIR: dataDir,
      SECRET_KEY: secretKey,
      ALERT_WEBHOOK_ALLOW: '127.0.0.1',
    });
    receiver.answer(() => 'none');
    const first = receiver.next();
    const answer = await fetch(`${await doomed.url}/api/ingest`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ reporter_id: 'r', batch: 0, events: failing(tag) }),
    });
    expect(answer.status).toBe(200);
    const { headers } = await first;
    doomed.child.kill('SIGKILL');
    await doomed.ended;
    receiver.answer(() => ({ status: 200 }));
    const second = receiver.next();
    const heir = await openServer(20, () => Date.now() + leaseMs + 1_000);
    try {
      const { headers: again, body } = await second;
      expect(again['x-rondo-delivery']).toBe(headers['x-rondo-delivery']);
      expect(JSON.parse(body)).toMatchObject({ attempt: 2, may_be_repeated: true, num_alerts: 1 });
      let alerts = await history();
      while (alerts[0]?.state !== 'sent') {
        await new Promise((resolve) => setTimeout(resolve, 10));
        alerts = await history();
      }
      expect(alerts).toMatchObject([{ deliveries: [{ state: 'sent', attempts: 2, duplicates: 1 }] }]);
      const { body: figures } = await heir.app.inject('/metrics');
      expect(figures).toContain('rondo_alert_duplicates_total 1');
      expect(figures).toContain('rondo_alert_deliveries_total{channel="webhook",result="sent"} 1');
    } finally {
      await heir.close();
      await quiet.close();
      await receiver.close();
    }
  });
});
