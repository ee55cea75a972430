import { createHmac } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { type Alert, type AlertChannel, type AlertRule, projectIdSchema } from '@rondo/protocol';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestApp, type TestApp } from '../testing/app.ts';
import { makeRun } from '../testing/facts.ts';
import { startMailServer, startReceiver } from '../testing/receiver.ts';
import { openSocket } from '../testing/socket.ts';
import { parseNetwork } from './alerts/addresses.ts';
import { theServerItself } from './auth/audit.ts';

const secretKey = 'a secret of at least thirty-two bytes';
const signingSecret = 'a signing secret of this test';
const hour = 3_600_000;

let server: TestApp;
let mail: Awaited<ReturnType<typeof startMailServer>>;
let admin: Awaited<ReturnType<TestApp['signIn']>>;
let reporter: Awaited<ReturnType<TestApp['makeReporter']>>;
/** How far the clock of the alerts is ahead. */
let aheadMs = 0;
const receivers: Awaited<ReturnType<typeof startReceiver>>[] = [];

beforeAll(async () => {
  mail = await startMailServer();
  const loopback = parseNetwork('127.0.0.1');
  server = await openTestApp({
    alerts: {
      secretKey,
      smtp: { host: '127.0.0.1', port: mail.port, from: 'Rondo <rondo@example.org>', tls: 'none' },
      allowed: loopback ? [loopback] : [],
      publicUrl: 'https://rondo.example',
      now: () => Date.now() + aheadMs,
      everyMs: 20,
      groupWaitMs: 0,
    },
  });
  admin = await server.signIn('admin');
  reporter = await server.makeReporter();
});
afterAll(async () => {
  for (const receiver of receivers) await receiver.close();
  await server.close();
  await mail.close();
});

async function aReceiver() {
  const receiver = await startReceiver();
  receivers.push(receiver);
  return receiver;
}

async function made<T>(url: string, body: object): Promise<T> {
  const answer = await server.ask('POST', url, admin.headers, body);
  expect([answer.statusCode, answer.body]).toEqual([201, expect.anything()]);
  return answer.json<T>();
}

const aChannel = (fields: object) => made<AlertChannel>('/api/alert-channels', { name: 'a channel', ...fields });
const aRule = (channel: AlertChannel, when: object, fields: object = {}) =>
  made<AlertRule>('/api/alert-rules', { name: 'a rule', when, channel_ids: [channel.id], throttle_s: 0, ...fields });

async function history(rule: AlertRule, headers = admin.headers): Promise<Alert[]> {
  return (await server.ask('GET', `/api/alerts?rule_id=${rule.id}`, headers)).json<{ items: Alert[] }>().items;
}

/** Reads the history until it is as expected; the runner ends what never becomes so. */
async function until(rule: AlertRule, isSo: (alerts: Alert[]) => boolean): Promise<Alert[]> {
  for (;;) {
    const alerts = await history(rule);
    if (isSo(alerts)) return alerts;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const stateIs = (state: Alert['state']) => (alerts: Alert[]) => alerts[0]?.state === state;

async function startRun(name = 'ward study', tags: string[] = []) {
  const run = makeRun();
  await reporter.report([run.say('run_started', { name, framework: 'flower', tags })]);
  return run;
}

/** A rule sees runs with its own tag only, so that tests do not meet. */
async function tagged() {
  const tag = makeRun().id;
  return {
    tag,
    fail: async () => {
      const run = await startRun('ward study', [tag]);
      await reporter.report([run.say('run_complete', { status: 'failed', reason: 'out of memory' })]);
      return run;
    },
  };
}

describe('an alert by webhook', () => {
  it('[E1] [E8] tells of a run that failed, signed, and is in the history as sent', async () => {
    const receiver = await aReceiver();
    const { tag, fail } = await tagged();
    const channel = await aChannel({ kind: 'webhook', url: receiver.url, secret: signingSecret });
    const rule = await aRule(channel, { kind: 'run_failed' }, { tag });
    const next = receiver.next();
    const run = await fail();
    const { headers, body } = await next;
    const [, t, v1] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers['x-rondo-signature'])) ?? [];
    expect(createHmac('sha256', signingSecret).update(`${t}.${body}`).digest('hex')).toBe(v1);
    expect(JSON.parse(body)).toMatchObject({
      version: 1,
      severity: 'critical',
      title: 'critical: ward study: the run failed: out of memory',
      project_id: 'default',
      rule: { id: rule.id, name: 'a rule' },
      attempt: 1,
      may_be_repeated: false,
      alerts: [{ kind: 'run_failed', run_id: run.id, url: `https://rondo.example/runs/${run.id}` }],
    });
    const alerts = await until(rule, stateIs('sent'));
    expect(alerts).toMatchObject([
      { run_id: run.id, deliveries: [{ channel_id: channel.id, state: 'sent', attempts: 1, duplicates: 0 }] },
    ]);
    expect(JSON.parse(body).delivery_id).toBe(headers['x-rondo-delivery']);
    expect(alerts[0]?.deliveries?.[0]?.id).toBe(headers['x-rondo-delivery']);
  });

  it('has the form of Slack where the channel says so', async () => {
    const receiver = await aReceiver();
    const { tag, fail } = await tagged();
    await aRule(
      await aChannel({ kind: 'webhook', url: receiver.url, format: 'slack' }),
      { kind: 'run_failed' },
      { tag },
    );
    const next = receiver.next();
    await fail();
    const { headers, body } = await next;
    expect(headers['x-rondo-signature']).toBeUndefined();
    expect(Object.keys(JSON.parse(body))).toEqual(['text']);
    expect(JSON.parse(body).text).toContain('*critical: ward study: the run failed: out of memory*');
  });

  it('[E6] arrives once at a receiver that was down for an hour', async () => {
    const receiver = await aReceiver();
    const { tag, fail } = await tagged();
    const rule = await aRule(await aChannel({ kind: 'webhook', url: receiver.url }), { kind: 'run_failed' }, { tag });
    const backAt = Date.now() + aheadMs + hour;
    receiver.answer(() => ({ status: Date.now() + aheadMs < backAt ? 503 : 200 }));
    let next = receiver.next();
    await fail();
    while (Date.now() + aheadMs < backAt) {
      await next;
      await until(rule, ([alert]) => alert?.deliveries?.[0]?.state === 'retrying');
      next = receiver.next();
      aheadMs += hour / 3;
    }
    await next;
    const [alert] = await until(rule, stateIs('sent'));
    expect(alert?.deliveries).toMatchObject([{ attempts: 4, duplicates: 0, last_error: null }]);
    expect(new Set(receiver.received.map(({ headers }) => headers['x-rondo-delivery'])).size).toBe(1);
  });

  it('[E6] is given up after a day, and the history says why', async () => {
    const receiver = await aReceiver();
    const { tag, fail } = await tagged();
    receiver.answer(() => ({ status: 500 }));
    const rule = await aRule(await aChannel({ kind: 'webhook', url: receiver.url }), { kind: 'run_failed' }, { tag });
    await fail();
    await until(rule, ([alert]) => alert?.deliveries?.[0]?.state === 'retrying');
    aheadMs += 24 * hour;
    const [alert] = await until(rule, stateIs('failed'));
    expect(alert?.deliveries).toMatchObject([
      { state: 'given_up', attempts: 2, last_error: 'the receiver answered 500' },
    ]);
  });

  it('[E10] that redirects to a metadata address is refused, for good', async () => {
    const receiver = await aReceiver();
    const { tag, fail } = await tagged();
    receiver.answer(() => ({ status: 307, headers: { location: 'http://169.254.169.254/latest/meta-data/' } }));
    const rule = await aRule(await aChannel({ kind: 'webhook', url: receiver.url }), { kind: 'run_failed' }, { tag });
    await fail();
    const [alert] = await until(rule, stateIs('failed'));
    expect(alert?.deliveries?.[0]).toMatchObject({ state: 'given_up', attempts: 1 });
    expect(alert?.deliveries?.[0]?.last_error).toContain('not public');
  });

  it('[E10] follows a redirect that keeps the request, and no other', async () => {
    const receiver = await aReceiver();
    receiver.answer(({ path }) =>
      path === '/hook' ? { status: 308, headers: { location: '/there' } } : { status: 204 },
    );
    const { id } = await aChannel({ kind: 'webhook', url: receiver.url });
    const test = () => server.ask('POST', `/api/alert-channels/${id}/test`, admin.headers);
    expect((await test()).json()).toMatchObject({ delivered: true, detail: 'the receiver answered 204' });
    expect(receiver.received.map(({ path, body }) => [path, JSON.parse(body).is_test])).toEqual([
      ['/hook', true],
      ['/there', true],
    ]);
    receiver.answer(() => ({ status: 302, headers: { location: '/there' } }));
    expect((await test()).json()).toMatchObject({ delivered: false });
    receiver.answer(() => ({ status: 307, headers: { location: '/hook' } }));
    expect((await test()).json()).toMatchObject({ delivered: false, detail: 'more than 3 redirects' });
  });
});

describe('an alert by e-mail', () => {
  it('arrives at a mail server', async () => {
    const { tag, fail } = await tagged();
    const channel = await aChannel({ kind: 'email', to: ['ada@example.org', 'grace@example.org'] });
    const rule = await aRule(channel, { kind: 'run_failed' }, { tag });
    const next = mail.next();
    const run = await fail();
    const { from, to, content } = await next;
    expect([from, to]).toEqual(['rondo@example.org', ['ada@example.org', 'grace@example.org']]);
    expect(content).toContain('Subject: critical: ward study: the run failed: out of memory');
    expect(content).toContain(`https://rondo.example/runs/${run.id}`.slice(0, 60));
    await until(rule, stateIs('sent'));
  });

  it('to an address that the mail server refuses is given up, with its answer', async () => {
    const { tag, fail } = await tagged();
    const rule = await aRule(
      await aChannel({ kind: 'email', to: ['nobody@example.org'] }),
      { kind: 'run_failed' },
      { tag },
    );
    await fail();
    const [alert] = await until(rule, stateIs('failed'));
    expect(alert?.deliveries?.[0]?.last_error).toBe('the mail server answered 550');
  });
});

describe('an alert on open pages', () => {
  it('[E9] reaches the pages of people who see its project and want alerts, and no others', async () => {
    await server.app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = server.app.server.address() as AddressInfo;
    const project_id = projectIdSchema.parse('elsewhere');
    await server.ask('POST', '/api/projects', admin.headers, { id: project_id });
    const [member, stranger] = [await server.signIn('viewer'), await server.signIn('viewer')];
    await server.auth.projects.removeMember(theServerItself, projectIdSchema.parse('default'), stranger.user.id);
    await server.auth.projects.setMember(theServerItself, project_id, stranger.user.id, 'viewer');
    const open = (token: string, more = '') => openSocket(`ws://127.0.0.1:${port}/ws/events?token=${token}${more}`);
    const sockets = [
      await open(member.token, '&alerts=1'),
      await open(member.token),
      await open(stranger.token, '&alerts=1'),
    ];
    for (const socket of sockets) await socket.next();
    const channel = await aChannel({ kind: 'browser' });
    const [wanted, ...others] = sockets;
    const test = await server.ask('POST', `/api/alert-channels/${channel.id}/test`, admin.headers);
    expect(test.json()).toMatchObject({ delivered: true });
    const alertsOf = async (socket: (typeof sockets)[number] | undefined) => {
      socket?.send('ping');
      const texts: string[] = [];
      while (socket && texts.at(-1) !== 'pong') texts.push(await socket.nextText());
      return texts
        .filter((text) => text.startsWith('{'))
        .map((text) => JSON.parse(text))
        .filter(({ type }) => type === 'alert');
    };
    expect(await alertsOf(wanted)).toMatchObject([{ project_id: 'default', title: expect.stringContaining('test') }]);
    for (const socket of others) expect(await alertsOf(socket)).toEqual([]);
    for (const socket of sockets) await socket.close();
  });
});

describe('what rules wait for', () => {
  it('[E3] a threshold makes one alert while it holds, and another one when it holds again', async () => {
    const receiver = await aReceiver();
    const tag = makeRun().id;
    const when = { kind: 'metric_threshold', name: 'global_loss', op: '>', value: 1, for_rounds: 2 };
    const rule = await aRule(await aChannel({ kind: 'webhook', url: receiver.url }), when, { tag });
    const run = await startRun('a', [tag]);
    const round = (n: number, global_loss: number) =>
      reporter.report([
        run.say('round_started', { round: n, client_ids: ['a'] }),
        run.say('client_result', { round: n, client_id: 'a', sample_count: 1 }),
        run.say('round_complete', { round: n, global_loss }),
      ]);
    for (const n of [1, 2, 3]) await round(n, 2);
    expect(await until(rule, (alerts) => alerts.length === 1)).toMatchObject([
      { over_at: null, kind: 'metric_threshold' },
    ]);
    await round(4, 0.5);
    await until(rule, ([alert]) => alert?.over_at !== null);
    for (const n of [5, 6]) await round(n, 3);
    const alerts = await until(rule, (all) => all.length === 2);
    expect(alerts.map(({ detail }) => detail)).toEqual([
      'global_loss is 3 (alert at > 1, for 2 values in a row)',
      'global_loss is 2 (alert at > 1, for 2 values in a row)',
    ]);
  });

  it('[E11] says that an alert is over where its channel learned that it began, unless the rule does not want it', async () => {
    const [receiver, silent] = [await aReceiver(), await aReceiver()];
    const tag = makeRun().id;
    const when = { kind: 'metric_threshold', name: 'global_loss', op: '>', value: 1 };
    const rule = await aRule(await aChannel({ kind: 'webhook', url: receiver.url }), when, { tag });
    const quiet = await aRule(await aChannel({ kind: 'webhook', url: silent.url }), when, { tag, notify_over: false });
    const run = await startRun('a', [tag]);
    const round = (n: number, global_loss: number) =>
      reporter.report([run.say('round_complete', { round: n, global_loss })]);
    let [next, other] = [receiver.next(), silent.next()];
    await round(1, 2);
    expect(JSON.parse((await next).body)).toMatchObject({
      severity: 'warning',
      alerts: [{ is_over: false, over_at: null }],
    });
    await other;
    await until(rule, stateIs('sent'));
    next = receiver.next();
    await round(2, 0.5);
    expect(JSON.parse((await next).body)).toMatchObject({
      title: 'over: a: global_loss is 2 (alert at > 1)',
      severity: 'info',
      alerts: [{ is_over: true, over_at: expect.any(String) }],
    });
    const [alert] = await until(rule, ([one]) => one?.deliveries?.length === 2 && one.deliveries[1]?.state === 'sent');
    expect(alert).toMatchObject({ state: 'sent', deliveries: [{ is_over: false }, { is_over: true }] });
    // The next message of the other rule is that of another run: nothing said that the first one is over.
    other = silent.next();
    await until(quiet, ([one]) => one?.over_at !== null);
    const second = await startRun('b', [tag]);
    await reporter.report([second.say('round_complete', { round: 1, global_loss: 3 })]);
    expect(JSON.parse((await other).body)).toMatchObject({
      num_alerts: 1,
      alerts: [{ run_id: second.id, is_over: false }],
    });
  });

  it('[E11] an alert that is over before its message is sent is one message', async () => {
    const receiver = await aReceiver();
    const tag = makeRun().id;
    const when = { kind: 'metric_threshold', name: 'global_loss', op: '>', value: 1 };
    const at = new Date(Date.now() + aheadMs);
    const clock = (hours: number) => new Date(at.getTime() + hours * hour).toISOString().slice(11, 16);
    const quiet_hours = { from: clock(-1), to: clock(1), time_zone: 'UTC', except_critical: false };
    const rule = await aRule(await aChannel({ kind: 'webhook', url: receiver.url }), when, { tag, quiet_hours });
    const run = await startRun('a', [tag]);
    await reporter.report([run.say('round_complete', { round: 1, global_loss: 2 })]);
    await until(rule, (alerts) => alerts.length === 1);
    await reporter.report([run.say('round_complete', { round: 2, global_loss: 0.5 })]);
    await until(rule, ([alert]) => alert?.over_at !== null);
    const next = receiver.next();
    aheadMs += 2 * hour;
    expect(JSON.parse((await next).body)).toMatchObject({
      num_alerts: 1,
      alerts: [{ is_over: false, over_at: expect.any(String) }],
    });
    const [alert] = await until(rule, stateIs('sent'));
    expect(alert?.deliveries).toHaveLength(1);
    expect(receiver.received).toHaveLength(1);
  });

  it('[E1] an attention item makes an alert of its severity', async () => {
    const receiver = await aReceiver();
    const tag = makeRun().id;
    const when = { kind: 'attention', rules: ['all_clients_failed'] };
    const rule = await aRule(await aChannel({ kind: 'webhook', url: receiver.url }), when, { tag });
    const run = await startRun('a', [tag]);
    await reporter.report([
      run.say('round_started', { round: 1, client_ids: ['a', 'b'] }),
      run.say('client_failed', { round: 1, client_id: 'a', reason: 'x' }),
      run.say('client_failed', { round: 1, client_id: 'b', reason: 'x' }),
      run.say('round_complete', { round: 1 }),
    ]);
    expect(await until(rule, stateIs('sent'))).toMatchObject([
      { severity: 'critical', attention_rule: 'all_clients_failed', round: 1 },
    ]);
  });

  it('[E4] what happens within the throttle is one message, after it', async () => {
    const receiver = await aReceiver();
    const { tag, fail } = await tagged();
    const channel = await aChannel({ kind: 'webhook', url: receiver.url });
    const rule = await aRule(channel, { kind: 'run_failed' }, { tag, throttle_s: 600 });
    const first = receiver.next();
    await fail();
    await first;
    await until(rule, stateIs('sent'));
    for (let n = 0; n < 3; n++) await fail();
    await until(rule, (alerts) => alerts.length === 4);
    expect(receiver.received).toHaveLength(1);
    const second = receiver.next();
    aheadMs += 700_000;
    expect(JSON.parse((await second).body)).toMatchObject({ num_alerts: 3, title: 'critical: 3 alerts of a rule' });
    expect(await until(rule, stateIs('sent'))).toHaveLength(4);
  });

  it('[E5] a message waits for the end of the quiet hours', async () => {
    const receiver = await aReceiver();
    const { tag, fail } = await tagged();
    const clock = (ms: number) => new Date(ms).toISOString().slice(11, 16);
    const now = Date.now() + aheadMs;
    const quiet_hours = { from: clock(now - hour), to: clock(now + hour), time_zone: 'UTC', except_critical: false };
    const channel = await aChannel({ kind: 'webhook', url: receiver.url, quiet_hours });
    const rule = await aRule(channel, { kind: 'run_failed' }, { tag });
    await fail();
    const [alert] = await until(rule, (alerts) => alerts.length === 1);
    expect(clock(Date.parse(alert?.deliveries?.[0]?.due_at ?? ''))).toBe(quiet_hours.to);
    const next = receiver.next();
    aheadMs += hour + 60_000;
    await next;
    await until(rule, stateIs('sent'));
  });

  it('[E2] a run that was over before the rule makes none, and a rule without a channel records', async () => {
    const { tag, fail } = await tagged();
    await fail();
    const rule = await made<AlertRule>('/api/alert-rules', { name: 'silent', tag, when: { kind: 'run_failed' } });
    const run = await fail();
    expect(await until(rule, (alerts) => alerts.length > 0)).toMatchObject([{ run_id: run.id, state: 'recorded' }]);
  });

  it('a deleted channel is not sent what waits, and the history stays', async () => {
    const receiver = await aReceiver();
    const { tag, fail } = await tagged();
    receiver.answer(() => ({ status: 503 }));
    const channel = await aChannel({ kind: 'webhook', url: receiver.url });
    const rule = await aRule(channel, { kind: 'run_failed' }, { tag });
    await fail();
    await until(rule, ([alert]) => alert?.deliveries?.[0]?.state === 'retrying');
    expect((await server.ask('DELETE', `/api/alert-channels/${channel.id}`, admin.headers)).statusCode).toBe(204);
    expect(await history(rule)).toMatchObject([
      {
        state: 'cancelled',
        deliveries: [{ state: 'cancelled', channel_id: null, last_error: 'the channel was deleted' }],
      },
    ]);
  });
});

describe('who sees what', () => {
  it('[E8] the address and the secret of a webhook are in no answer, no audit entry and no table', async () => {
    const url = 'http://127.0.0.1:9/services/T0/very-secret-path';
    const channel = await aChannel({ kind: 'webhook', url, secret: signingSecret });
    const edited = await server.ask('PATCH', `/api/alert-channels/${channel.id}`, admin.headers, {
      secret: `${signingSecret} 2`,
      url: `${url}/2`,
    });
    const test = await server.ask('POST', `/api/alert-channels/${channel.id}/test`, admin.headers);
    const list = await server.ask('GET', '/api/alert-channels?limit=200', admin.headers);
    const audit = await server.ask('GET', `/api/audit?target=${channel.id}`, admin.headers);
    const rows = await server.database.db.execute(sql`select * from alert_channels where id = ${channel.id}`);
    const all = [JSON.stringify(channel), edited.body, test.body, list.body, audit.body, JSON.stringify(rows)].join(
      '\n',
    );
    expect(all).not.toContain('very-secret');
    expect(all).not.toContain(signingSecret);
    expect(channel).toMatchObject({ has_secret: true, origin: 'http://127.0.0.1:9' });
    expect(audit.json<{ items: { action: string }[] }>().items.map(({ action }) => action)).toEqual([
      'alert_channel.test',
      'alert_channel.update',
      'alert_channel.create',
    ]);
    const removed = await server.ask('PATCH', `/api/alert-channels/${channel.id}`, admin.headers, { secret: null });
    expect(removed.json()).toMatchObject({ has_secret: false, origin: 'http://127.0.0.1:9' });
  });

  it('[O5] a viewer sees what happened in its projects, and not where messages went', async () => {
    const { tag, fail } = await tagged();
    const rule = await made<AlertRule>('/api/alert-rules', { name: 'x', tag, when: { kind: 'run_failed' } });
    await fail();
    await until(rule, (alerts) => alerts.length === 1);
    const [viewer, stranger] = [await server.signIn('viewer'), await server.signIn('viewer')];
    await server.auth.projects.removeMember(theServerItself, projectIdSchema.parse('default'), stranger.user.id);
    expect(await history(rule, viewer.headers)).toMatchObject([{ kind: 'run_failed', deliveries: null }]);
    expect(await history(rule, stranger.headers)).toEqual([]);
  });

  it('a rule cannot use a channel of another project, nor a channel fields of another kind', async () => {
    const project_id = 'third';
    await server.ask('POST', '/api/projects', admin.headers, { id: project_id });
    const { id } = await aChannel({ kind: 'browser', project_id });
    const wish = { name: 'x', when: { kind: 'run_failed' }, channel_ids: [id] };
    const refused = await server.ask('POST', '/api/alert-rules', admin.headers, wish);
    expect([refused.statusCode, refused.json().errors[0].path]).toEqual([422, 'channel_ids']);
    const foreign = await server.ask('PATCH', `/api/alert-channels/${id}`, admin.headers, { to: ['a@example.org'] });
    expect([foreign.statusCode, foreign.json().errors[0].path]).toEqual([422, 'to']);
  });
});

it('[E10] without a setting, no webhook reaches this machine', async () => {
  const receiver = await aReceiver();
  const strict = await openTestApp();
  try {
    const { headers } = await strict.signIn('admin');
    const test = async (url: string) => {
      const body = { kind: 'webhook', name: 'x', url };
      const { id } = (await strict.ask('POST', '/api/alert-channels', headers, body)).json<{ id: string }>();
      return (await strict.ask('POST', `/api/alert-channels/${id}/test`, headers)).json<{
        delivered: boolean;
        detail: string;
      }>();
    };
    const { port } = new URL(receiver.url);
    for (const host of ['127.0.0.1', 'localhost', '2130706433', '[::ffff:127.0.0.1]', '0x7f.1', '169.254.169.254']) {
      const { delivered, detail } = await test(`http://${host}:${port}/`);
      expect([host, delivered, detail]).toEqual([host, false, expect.stringContaining('not public')]);
    }
    expect(await test('http://example.org:25/')).toMatchObject({
      delivered: false,
      detail: expect.stringContaining('port'),
    });
    expect(receiver.received).toEqual([]);
  } finally {
    await strict.close();
  }
});
