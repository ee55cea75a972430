import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { problemSchema } from '@rondo/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestApp, type TestApp } from '../../testing/app.ts';
import { openTestDatabase } from '../../testing/database.ts';
import { aWholeRound, makeRun } from '../../testing/facts.ts';
import { openSocket } from '../../testing/socket.ts';

let server: TestApp;
beforeAll(async () => {
  server = await openTestApp();
});
afterAll(() => server.close());

const here = { host: '127.0.0.1:8000' };

/** Every series by its name and labels. */
async function scrape(from = server): Promise<Map<string, number>> {
  const answer = await from.ask('GET', '/metrics', here);
  if (answer.statusCode !== 200) throw new Error(`${answer.statusCode}: ${answer.body}`);
  const lines = answer.body.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]));
}

const grown = async (series: readonly string[], act: () => Promise<unknown>) => {
  const before = await scrape();
  await act();
  const after = await scrape();
  return series.map((name) => (after.get(name) ?? Number.NaN) - (before.get(name) ?? 0));
};

describe('GET /metrics', () => {
  it('lists the running version, and metrics of the process and its event loop', async () => {
    const answer = await server.ask('GET', '/metrics', here);
    expect(answer.headers['content-type']).toMatch('text/plain; version=0.0.4');
    const series = await scrape();
    const build = `rondo_build_info{version="0.0.0-test",database="embedded",node="${process.version}"}`;
    expect(series.get(build)).toBe(1);
    for (const name of ['nodejs_eventloop_lag_p99_seconds', 'process_resident_memory_bytes', 'rondo_db_up'])
      expect(series.get(name), name).toBeGreaterThan(0);
    expect(answer.body.match(/^# TYPE rondo_\S+ \w+$/gm)).toMatchInlineSnapshot(`
      [
        "# TYPE rondo_build_info gauge",
        "# TYPE rondo_http_request_duration_seconds histogram",
        "# TYPE rondo_ingest_events_total counter",
        "# TYPE rondo_alert_deliveries_total counter",
        "# TYPE rondo_alert_duplicates_total counter",
        "# TYPE rondo_ingest_commit_duration_seconds histogram",
        "# TYPE rondo_ingest_lag_seconds histogram",
        "# TYPE rondo_ingest_queue_events gauge",
        "# TYPE rondo_ingest_queue_age_seconds gauge",
        "# TYPE rondo_live_viewers gauge",
        "# TYPE rondo_live_lagging_viewers gauge",
        "# TYPE rondo_live_changes_total counter",
        "# TYPE rondo_runs gauge",
        "# TYPE rondo_running_runs gauge",
        "# TYPE rondo_clients gauge",
        "# TYPE rondo_attention_items gauge",
        "# TYPE rondo_open_rounds gauge",
        "# TYPE rondo_oldest_open_round_seconds gauge",
        "# TYPE rondo_models gauge",
        "# TYPE rondo_model_bytes gauge",
        "# TYPE rondo_alert_messages_waiting gauge",
        "# TYPE rondo_server_trouble gauge",
        "# TYPE rondo_db_up gauge",
      ]
    `);
  });

  it('has every series that the dashboard and the page about it name', async () => {
    const pool = () => ({ size: 30, open: 1, in_use: 0, waiting: 0 });
    const withPool = await openTestApp({ database: { ...server.database, pool } });
    const text = (await withPool.ask('GET', '/metrics', here)).body;
    await withPool.app.close();
    const known = new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name));
    for (const file of ['deploy/grafana/rondo.json', 'docs/observability.md']) {
      const page = await readFile(new URL(`../../../${file}`, import.meta.url), 'utf8');
      const named = page.match(/\b(rondo|nodejs|process)_[a-z0-9]\w*[a-z0-9]\b/g) ?? [];
      expect(named.length).toBeGreaterThan(10);
      const names = named.map((name) => name.replace(/_(bucket|count|sum)$/, ''));
      expect([...new Set(names)].filter((name) => !known.has(name))).toEqual([]);
    }
  });

  it('counts requests by method, route and status, never by address', async () => {
    const count = (labels: string) => `rondo_http_request_duration_seconds_count{${labels}}`;
    const series = [
      count('method="GET",route="/api/rounds/:round_id",status="401"'),
      count('method="GET",route="none",status="404"'),
      count('method="POST",route="/api/auth/login",status="422"'),
    ];
    const asked = () =>
      Promise.all([
        ...[1, 2, 3].map((id) => server.ask('GET', `/api/rounds/${id}`)),
        ...[1, 2].map((id) => server.ask('GET', `/nowhere/${id}`)),
        server.ask('POST', '/api/auth/login', {}, {}),
      ]);
    expect(await grown(series, asked)).toEqual([3, 2, 1]);
    const before = (await scrape()).size;
    await Promise.all(Array.from({ length: 200 }, (_, id) => server.ask('GET', `/elsewhere/${id}?x=${id}`)));
    expect((await scrape()).size).toBe(before);
  });

  it('counts events by what became of them, and commits', async () => {
    const reporter = await server.makeReporter();
    const facts = aWholeRound(makeRun(), 1);
    const series = [
      ...['accepted', 'duplicate', 'rejected'].map((result) => `rondo_ingest_events_total{result="${result}"}`),
      'rondo_ingest_commit_duration_seconds_count{result="committed"}',
      'rondo_ingest_lag_seconds_count',
    ];
    const counted = await grown(series, async () => {
      await reporter.report(facts);
      await reporter.report([facts[0], { type: 'nonsense' }]);
    });
    expect(counted).toEqual([facts.length, 1, 1, 2, 2]);
    expect((await scrape()).get('rondo_ingest_queue_events')).toBe(0);
  });

  it('counts viewers and the changes on their way to them', async () => {
    await server.app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = server.app.server.address() as AddressInfo;
    const reporter = await server.makeReporter();
    const run = makeRun();
    await reporter.report([run.say('round_started', { round: 1, client_ids: ['a'] })]);
    const { token } = await server.signIn('viewer');
    const socket = await openSocket(`ws://127.0.0.1:${port}/ws/events?token=${token}&run_id=${run.id}`);
    await socket.nextText();
    const results = ['sent', 'collapsed', 'dropped'].map((result) => `rondo_live_changes_total{result="${result}"}`);
    const counted = await grown(results, async () => {
      await reporter.report([run.say('round_update', { round: 1, status: 'aggregating' })]);
      await socket.nextText();
    });
    expect(counted).toEqual([1, 0, 0]);
    expect((await scrape()).get('rondo_live_viewers')).toBe(1);
    socket.close();
  });

  it('[X9] has figures of the federation, and no more series with a hundred runs than with one', async () => {
    const fresh = await openTestApp();
    const reporter = await fresh.makeReporter();
    const over = makeRun();
    const ended = over.say('run_complete', { status: 'failed' });
    const waiting = makeRun();
    const needs = waiting.say('client_presence', { num_connected: 1, num_needed: 3 });
    await reporter.report([...aWholeRound(over, 1), ended, needs]);
    const open = makeRun({ start: new Date(Date.now() - 60_000).toISOString() });
    await reporter.report([
      open.say('round_started', { round: 1, client_ids: ['a', 'b', 'c'] }),
      open.say('client_failed', { round: 1, client_id: 'c', reason: 'x' }),
    ]);
    const series = await scrape(fresh);
    const said = Object.fromEntries([...series].filter(([name]) => /^rondo_(runs|running|clients|open)/.test(name)));
    expect(said).toMatchObject({
      'rondo_runs{status="running"}': 2,
      'rondo_runs{status="failed"}': 1,
      'rondo_runs{status="complete"}': 0,
      'rondo_running_runs{condition="healthy"}': 1,
      'rondo_running_runs{condition="waiting_for_clients"}': 1,
      'rondo_clients{status="failed"}': 1,
      rondo_open_rounds: 1,
    });
    expect(series.get('rondo_oldest_open_round_seconds')).toBeGreaterThan(50);
    const names = Array.from({ length: 100 }, () => makeRun());
    await reporter.report(names.map((run) => run.say('round_started', { round: 1, client_ids: ['d'] })));
    const more = await scrape(fresh);
    // Only figures of the federation: a route, for one, gets its histogram at its first request.
    const isOfFederation = /^rondo_(runs|running_runs|clients|attention|open_rounds|oldest)/;
    const named = (of: Map<string, number>) => [...of.keys()].filter((name) => isOfFederation.test(name));
    expect([named(more), more.get('rondo_open_rounds')]).toEqual([named(series), 101]);
    await fresh.close();
  }, 90_000);

  it('[X9] counts what needs attention by its severity', async () => {
    const fresh = await openTestApp();
    const reporter = await fresh.makeReporter();
    const run = makeRun();
    await reporter.report([
      run.say('round_started', { round: 1, client_ids: ['a'] }),
      run.say('client_failed', { round: 1, client_id: 'a', reason: 'x' }),
      run.say('round_complete', { round: 1 }),
    ]);
    const critical = async () => (await scrape(fresh)).get('rondo_attention_items{severity="critical"}');
    await expect.poll(critical, { timeout: 60_000 }).toBe(1);
    await fresh.close();
  }, 90_000);

  it('stays readable while the database is away, and says so', async () => {
    const database = await openTestDatabase();
    const away = await openTestApp({ database });
    expect((await scrape(away)).get('rondo_db_up')).toBe(1);
    await database.close();
    const series = await scrape(away);
    expect(series.get('rondo_db_up')).toBe(0);
    expect(series.get('rondo_live_viewers')).toBe(0);
    await away.app.close();
  });
});

describe('metrics', () => {
  it.each([
    ['from another machine', { remoteAddress: '10.0.0.7' }],
    ['through a proxy on this machine', { headers: { ...here, 'x-forwarded-for': '203.0.113.9' } }],
    ['under a host name that another party chose', { headers: { host: 'rebound.example' } }],
  ])('are not served %s, without METRICS_TOKEN', async (_, request) => {
    const answer = await server.app.inject({ method: 'GET', url: '/metrics', headers: here, ...request });
    expect(answer.statusCode).toBe(403);
    expect(problemSchema.parse(answer.json()).detail).toContain('METRICS_TOKEN');
  });

  it('are served from any address with METRICS_TOKEN, and not without it', async () => {
    const token = 'a token of the metrics';
    const guarded = await openTestApp({ database: server.database, metricsToken: token });
    const statusOf = async (authorization?: string) => {
      const headers = { host: 'rondo.example', ...(authorization && { authorization }) };
      return (await guarded.app.inject({ method: 'GET', url: '/metrics', remoteAddress: '10.0.0.7', headers }))
        .statusCode;
    };
    const { headers } = await guarded.signIn('admin');
    const encoded = encodeURIComponent(token);
    expect(await statusOf()).toBe(401);
    expect(await statusOf(`Bearer ${encoded}x`)).toBe(401);
    expect(await statusOf(headers.authorization)).toBe(401);
    await guarded.app.close();
    const other = await openTestApp({ database: server.database, metricsToken: 'a-token-of-the-metrics' });
    const answer = await other.app.inject({
      method: 'GET',
      url: '/metrics',
      remoteAddress: '10.0.0.7',
      headers: { authorization: 'Bearer a-token-of-the-metrics' },
    });
    expect(answer.statusCode).toBe(200);
    await other.app.close();
  });
});
