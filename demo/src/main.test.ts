import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { type Command, type Fact, factSchema, ingestRequestSchema } from '@rondo/protocol';
import { describe, expect, it, onTestFinished } from 'vitest';

/** A dashboard that takes every batch and may answer with a command. */
async function startDashboard(
  commandFor: (fact: Fact) => Omit<Command, 'run_id'> | null = () => null,
  { modelStatus = 201 } = {},
) {
  const facts: Fact[] = [];
  const models: Record<string, unknown>[] = [];
  const keys = new Set<string | undefined>();
  const listeners: (() => void)[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    if (request.url?.startsWith('/api/uploads')) {
      const begun = models.at(-1);
      if (request.method === 'POST') models.push(metadataOf(request.headers['upload-metadata']));
      else if (begun) begun.body = body;
      const status = request.method === 'PATCH' ? 204 : modelStatus;
      response.writeHead(status, { location: `/api/uploads/${models.length}`, 'upload-offset': body.length }).end();
      return;
    }
    const json = request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
    const { events } = ingestRequestSchema.parse(JSON.parse(json.toString()));
    const fresh = events.map((event) => factSchema.parse(event));
    facts.push(...fresh);
    keys.add(request.headers.authorization);
    const commands = fresh.flatMap((fact) => {
      const command = commandFor(fact);
      return command ? [{ ...command, run_id: fact.run_id }] : [];
    });
    response.end(JSON.stringify({ accepted: events.length, duplicates: 0, rejected: [], commands }));
    for (const listener of listeners) listener();
  }).listen(0, '127.0.0.1');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, 'listening');
  const until = (isDone: (fact: Fact) => boolean) =>
    new Promise<void>((resolve) => listeners.push(() => facts.some(isDone) && resolve()));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, facts, models, keys, until };
}

const metadataOf = (header: unknown): Record<string, unknown> =>
  Object.fromEntries(
    String(header)
      .split(',')
      .map((pair) => pair.split(' '))
      .map(([key, value = '']) => [key, Buffer.from(value, 'base64').toString()]),
  );

function startDemo(env: Record<string, string>, ...args: string[]) {
  const main = fileURLToPath(new URL('./main.ts', import.meta.url));
  const child = spawn(process.execPath, [main, ...args], {
    env: { RONDO_SPOOL_DIR: 'off', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += String(chunk);
    });
  }
  return { child, ended: endOf(child), output: () => output };
}

async function endOf(child: ChildProcess): Promise<number | null> {
  const [code] = await once(child, 'close');
  return code;
}

describe('the demo as a program', () => {
  it('reports a whole run over HTTP with its key, and says so', async () => {
    const { url, facts, keys } = await startDashboard();
    const demo = startDemo(
      { RONDO_URL: url, RONDO_API_KEY: 'key-1' },
      '--rounds',
      '3',
      '--clients',
      '5',
      '--pace',
      '20',
    );
    expect(await demo.ended).toBe(0);
    expect([facts[0]?.type, facts.at(-1)?.type]).toEqual(['run_started', 'run_complete']);
    expect(facts[0]).toMatchObject({
      num_rounds: 3,
      config: { seed: 1 },
      commands_supported: ['stop_round', 'stop_run'],
    });
    expect([...keys]).toEqual(['Bearer key-1']);
    expect(demo.output()).toMatch(/round {3}3 {2}loss \d\.\d{3} {2}accuracy/);
  });

  it('stores a checkpoint after every so many rounds, and names it when the round completes', async () => {
    const { url, facts, models } = await startDashboard();
    const options = ['--rounds', '4', '--clients', '5', '--pace', '20', '--save-every', '2'];
    expect(await startDemo({ RONDO_URL: url, RONDO_API_KEY: 'key-1' }, ...options).ended).toBe(0);
    const named = facts.flatMap((fact) => (fact.type === 'round_complete' ? [fact.model_version ?? null] : []));
    expect(models).toMatchObject([
      { version: named[1], round: '2', format: 'safetensors', run_id: facts[0]?.run_id },
      { version: named[3], round: '4', parent: named[1] },
    ]);
    expect([named[0], named[2]]).toEqual([null, null]);
    const content = models[0]?.body as Buffer;
    const header = JSON.parse(content.subarray(8, 8 + Number(content.readBigUInt64LE())).toString());
    expect(header).toMatchObject({ weight: { dtype: 'F32', shape: [10, 60] }, bias: { shape: [10] } });
    expect(content.length).toBe(8 + Number(content.readBigUInt64LE()) + 4 * 610);
  });

  it('trains on when its checkpoints are refused, and says so', async () => {
    const { url, facts } = await startDashboard(undefined, { modelStatus: 403 });
    const options = ['--rounds', '2', '--clients', '5', '--pace', '20', '--save-every', '1'];
    const demo = startDemo({ RONDO_URL: url, RONDO_API_KEY: 'key-1' }, ...options);
    expect(await demo.ended).toBe(0);
    expect(facts.filter(({ type }) => type === 'round_complete')).toHaveLength(2);
    expect(demo.output()).toMatch(/models are not accepted \(HTTP 403\)/);
    expect(demo.output()).toMatch(/round-1 is not uploaded/);
  });

  it('closes a round within a second of the command', async () => {
    let askedMs = Number.NaN;
    const { url, facts, until } = await startDashboard((fact) => {
      if (fact.type !== 'round_started' || fact.round !== 1) return null;
      askedMs = Date.now();
      return { command_id: 'c1', command: 'stop_round', round: 1, reason: 'enough' };
    });
    const demo = startDemo({ RONDO_URL: url, RONDO_API_KEY: 'k' });
    await until((fact) => fact.type === 'round_stopped');
    const stoppedMs = Date.now();
    demo.child.kill('SIGTERM');
    await demo.ended;
    expect(stoppedMs - askedMs).toBeLessThan(30_000);
    const acks = facts.filter((fact) => fact.type === 'command_ack').map(({ state }) => state);
    expect(acks).toEqual(['delivered', 'applied']);
  });

  it('says goodbye within 2 s of a signal, and of the same signal again', async () => {
    const { url, facts, until } = await startDashboard();
    const demo = startDemo({ RONDO_URL: url, RONDO_API_KEY: 'k' });
    await until((fact) => fact.type === 'round_started');
    const askedMs = Date.now();
    demo.child.kill('SIGINT');
    demo.child.kill('SIGINT');
    expect(await demo.ended).toBe(0);
    expect(Date.now() - askedMs).toBeLessThan(30_000);
    expect(facts.at(-1)).toMatchObject({ type: 'run_complete', status: 'stopped' });
  });

  it('explains how to create a key when there is none', async () => {
    const demo = startDemo({ DATA_DIR: '/nowhere' });
    expect(await demo.ended).toBe(1);
    expect(demo.output()).toContain('RONDO_API_KEY');
  });
});
