import type { AddressInfo } from 'node:net';
import { projectIdSchema } from '@rondo/protocol';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openTestApp, type TestApp } from '../testing/app.ts';
import { aWholeRound, makeRun } from '../testing/facts.ts';
import { openSocket } from '../testing/socket.ts';
import { theServerItself } from './auth/audit.ts';

let server: TestApp;
let address: string;
beforeAll(async () => {
  server = await openTestApp();
  await server.app.listen({ host: '127.0.0.1', port: 0 });
  address = `ws://127.0.0.1:${(server.app.server.address() as AddressInfo).port}/ws/events`;
});
afterAll(() => server.close());

const own = projectIdSchema.parse('default');

/** A member who watches a run of the default project. */
async function watch() {
  const reporter = await server.makeReporter();
  const run = makeRun();
  await reporter.report(aWholeRound(run, 1));
  const { user, token, headers } = await server.signIn('viewer');
  await server.auth.projects.setMember(theServerItself, own, user.id, 'viewer');
  const socket = await openSocket(`${address}?token=${token}&run_id=${run.id}`);
  expect(await socket.next()).toMatchObject({ type: 'snapshot', run_id: run.id });
  return { run, user, headers, socket };
}

it('[O5] an open socket closes with 4004 when its user is no longer a member', async () => {
  const { user, socket } = await watch();
  await server.auth.projects.removeMember(theServerItself, own, user.id);
  expect(await socket.closed).toMatchObject({ code: 4004 });
});

it('[O5] an open socket closes with 4004 when its run moves to a project that its user does not see', async () => {
  const { run, socket } = await watch();
  const admin = await server.signIn('admin');
  await server.ask('POST', '/api/projects', admin.headers, { id: 'elsewhere' });
  const moved = await server.ask('PATCH', `/api/runs/${run.id}`, admin.headers, { project_id: 'elsewhere' });
  expect(moved.statusCode).toBe(200);
  expect(await socket.closed).toMatchObject({ code: 4004 });
});

it('[O5] a socket of a key ends with 4001 when the key is revoked', async () => {
  const request = { name: 'reader', scopes: ['read'] as const };
  const { id, key } = await server.auth.apiKeys.create(theServerItself, request);
  const { WebSocket } = await import('ws');
  const socket = new WebSocket(address, { headers: { authorization: `Bearer ${key}` } });
  const closed = new Promise<number>((resolve) => socket.once('close', resolve));
  await new Promise((resolve) => socket.once('message', resolve));
  await server.auth.apiKeys.revoke(theServerItself, id);
  expect(await closed).toBe(4001);
});
