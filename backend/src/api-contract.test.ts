import type { LightMyRequestResponse } from 'fastify';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openTestApp, type TestApp } from '../testing/app.ts';
import { openTestDatabase } from '../testing/database.ts';
import { type Ask, makeWorld, send, type World } from '../testing/exchanges.ts';
import { makeFaulty } from '../testing/faulty-database.ts';
import { happy } from '../testing/happy.ts';
import { judgeOf, type Listed, type OpenApi, operationsOf } from '../testing/openapi.ts';
import { unhappy } from '../testing/unhappy.ts';
import { createAuth } from './auth/services.ts';

let world: World;
/** Single sign-on with an unreachable provider, a metrics token, and a disk reserve that no disk can meet. */
let other: World;
let setDown: (isDown: boolean) => void;
let operations: Listed[];
let differs: ReturnType<typeof judgeOf>;
const servers: TestApp[] = [];

beforeAll(async () => {
  const faulty = makeFaulty(await openTestDatabase());
  setDown = faulty.setDown;
  servers.push(await openTestApp({ database: faulty.database }));
  const database = await openTestDatabase();
  const { db } = database;
  const auth = createAuth({ db, secretKey: 'a secret of at least thirty-two bytes', oidc: providerThatIsOut });
  servers.push(await openTestApp({ database, auth, metricsToken: 'a token', maxModelBytes: 2 ** 52 }));
  [world, other] = (await Promise.all(servers.map(makeWorld))) as [World, World];
  const document: OpenApi = (await world.server.app.inject('/openapi.json')).json();
  operations = operationsOf(document);
  differs = judgeOf(document);
});
afterAll(async () => {
  for (const server of servers) await server.close();
});

const providerThatIsOut = {
  issuer: 'http://127.0.0.1:1',
  clientId: 'rondo',
  clientSecret: undefined,
  scopes: 'openid',
  name: 'x',
  callbackUrl: 'http://127.0.0.1/api/auth/oidc/callback',
  roleClaim: undefined,
  adminValues: [],
  viewerValues: undefined,
  projectClaim: 'groups',
};

it('is walked whole: every operation of the document, and no other', () => {
  expect(Object.keys(happy).sort()).toEqual(operations.map(({ operationId }) => operationId).sort());
});

it.each(Object.keys(happy))('%s answers with every status that it declares, and each as declared', async (id) => {
  const listed = operations.find(({ operationId }) => operationId === id);
  if (!listed) throw new Error(`there is no operation ${id}`);
  const wrong: string[] = [];
  for (const status of Object.keys(listed.operation.responses)) {
    if (elsewhere.has(`${id} ${status}`)) continue;
    const answer = await provoke(listed, status);
    if (String(answer.statusCode) !== status)
      wrong.push(`${status} was to come, and ${answer.statusCode}: ${answer.body}`);
    const problem = differs(listed, answer);
    if (problem) wrong.push(`${answer.statusCode} ${problem}`);
  }
  expect(wrong).toEqual([]);
});

const elsewhere = new Set([
  // Only a disk that fills while the server runs gives these: `faults-embedded.test.ts`.
  'ingest 507',
  'appendToUpload 507',
  'exportRun 507',
  // Only a server with small bounds gives these: `cost-limits.test.ts`.
  'ingest 429',
  'saveModel 429',
  'createUpload 429',
]);

/** The servers on which an answer can be had that the first does not give. */
const onOther = new Set([
  'startOidcSignIn 302',
  'finishOidcSignIn 302',
  'getMetrics 401',
  'deleteUser 409',
  'setMember 409',
  'removeMember 409',
  'saveModel 507',
  'importRun 507',
  'createUpload 507',
]);

async function provoke(listed: Listed, status: string): Promise<LightMyRequestResponse> {
  const at = onOther.has(`${listed.operationId} ${status}`) ? other : world;
  if (listed.operationId === 'deleteUser' && status === '409') {
    return send(at, listed, { who: 'admin', params: { id: at.admin.user.id } });
  }
  const ask = await unhappy(at, listed, status);
  if (status === '507') return send(at, listed, huge(ask));
  if (status !== '503') return send(at, listed, ask);
  // A caller that was accepted recently is not checked again.
  const strangers = await makeWorld(at.server);
  setDown(true);
  try {
    return await send(strangers, listed, ask);
  } finally {
    setDown(false);
  }
}

const huge = (ask: Ask): Ask => {
  const name = ask.headers?.['upload-length'] ? 'upload-length' : 'content-length';
  return { ...ask, headers: { ...ask.headers, [name]: String(2 ** 50) } };
};
