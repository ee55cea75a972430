import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { accountOf, type CommandRecord, type Round, type Run } from '@rondo/protocol';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { openTestApp, type TestApp } from '../testing/app.ts';
import { makeRun } from '../testing/facts.ts';
import { openSocket } from '../testing/socket.ts';

let server: TestApp;
let url: string;
beforeAll(async () => {
  server = await openTestApp();
  await server.app.listen({ host: '127.0.0.1', port: 0 });
  url = `http://127.0.0.1:${(server.app.server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());

const within = 2_000;

/** The demo federation as its own process, once a first result of its first round has come. */
async function aDemo() {
  const { key } = await server.makeReporter();
  const admin = await server.signIn('admin');
  const read = async <T>(path: string) => (await server.ask('GET', path, admin.headers)).json<T>();
  const newest = async () => (await read<{ items: Run[] }>('/api/runs?limit=1')).items[0];
  const before = await newest();
  // Slow enough that a busy machine asks before the round is over.
  const main = fileURLToPath(new URL('../../demo/src/main.ts', import.meta.url));
  const env = { PATH: process.env.PATH, RONDO_URL: url, RONDO_API_KEY: key, RONDO_SPOOL_DIR: 'off' };
  const child = spawn(process.execPath, [main, '--rounds', '5', '--pace', '0.4'], { env, stdio: 'ignore' });
  onTestFinished(() => end(child));
  const run = await until(newest, (found) => found?.run_id !== before?.run_id);
  const rounds = `/api/rounds?run_id=${run?.run_id}`;
  const answered = await until(
    async () => (await read<{ items: Round[] }>(rounds)).items[0],
    (round) => round !== undefined && round.num_clients_completed > 0,
  );
  const path = `/api/rounds/${answered?.round_id}`;
  return {
    run: () => read<Run>(`/api/runs/${run?.run_id}`),
    round: () => read<Round>(path),
    commands: async () => (await read<{ items: CommandRecord[] }>(`/api/commands?run_id=${run?.run_id}`)).items,
    stop: (scope: 'round' | 'run') => server.ask('POST', `${path}/stop`, admin.headers, { reason: 'enough', scope }),
    ended: once(child, 'close'),
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'close');
}

/** The state of another process can only be polled. */
async function until<T>(look: () => Promise<T>, isThere: (found: T) => boolean): Promise<T> {
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; ) {
    const found = await look();
    if (isThere(found)) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('it did not happen within 15 s');
}

describe('the demo federation', () => {
  it('closes a round within two seconds, with what had come back in its account', async () => {
    const demo = await aDemo();
    const askedMs = Date.now();
    expect((await demo.stop('round')).statusCode).toBe(202);
    const round = await until(demo.round, ({ status }) => status === 'stopped');
    expect(Date.now() - askedMs).toBeLessThan(within);
    const account = accountOf(round);
    expect(account.complete).toBeGreaterThan(0);
    expect(account.pending).toBe(0);
    expect(account.complete + account.failed + account.no_reply).toBe(account.selected);
    const [command] = await until(demo.commands, ([newest]) => newest?.ended_by !== null);
    expect(command).toMatchObject({ state: 'applied', delivered_at: expect.any(String), ended_at: expect.any(String) });
    expect((await demo.run()).status).toBe('running');
  });

  it('ends its run within two seconds, and its round with it', async () => {
    const demo = await aDemo();
    const askedMs = Date.now();
    expect((await demo.stop('run')).statusCode).toBe(202);
    const run = await until(demo.run, ({ status }) => status === 'stopped');
    expect(Date.now() - askedMs).toBeLessThan(within);
    expect(run).toMatchObject({ reason: 'enough', stop: { command: 'stop_run', state: 'applied' } });
    expect(await demo.round()).toMatchObject({ status: 'stopped', reason: 'enough' });
    expect(await demo.ended).toEqual([0, null]);
    expect(await demo.run()).toMatchObject({ status: 'stopped', stop: { state: 'applied' } });
  });
});

it('[C4] a stop that no FL server confirms is shown to viewers as expired, by itself', async () => {
  const patient = await openTestApp({ commandExpiresAfterMs: 1 });
  onTestFinished(() => patient.close());
  await patient.app.listen({ host: '127.0.0.1', port: 0 });
  const reporter = await patient.makeReporter();
  const { token, headers } = await patient.signIn('admin');
  const run = makeRun();
  await reporter.report([
    run.say('run_started', { name: 'x', framework: 'f', commands_supported: ['stop_round'] }),
    run.say('round_started', { round: 1, client_ids: ['a'] }),
  ]);
  const { port } = patient.app.server.address() as AddressInfo;
  const viewer = await openSocket(`ws://127.0.0.1:${port}/ws/events?token=${token}&run_id=${run.id}`);
  await viewer.next();
  const list = await patient.ask('GET', `/api/rounds?run_id=${run.id}`, headers);
  const { round_id } = list.json<{ items: Round[] }>().items[0] as Round;
  const answer = await patient.ask('POST', `/api/rounds/${round_id}/stop`, headers, { reason: 'slow' });
  expect(answer.json()).toMatchObject({ stop: { state: 'requested' } });
  const seen = [await viewer.next(), await viewer.next()];
  expect(seen).toMatchObject([
    { events: [{ type: 'round_update', data: { stop: { state: 'requested' } } }] },
    { events: [{ type: 'round_update', data: { stop: { state: 'expired' }, stop_requested_at: null } }] },
  ]);
  await viewer.close();
});
