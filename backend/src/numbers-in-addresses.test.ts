import { limits } from '@rondo/protocol';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openTestApp, type TestApp } from '../testing/app.ts';
import { makeWorld, send, type World } from '../testing/exchanges.ts';
import { happy } from '../testing/happy.ts';
import { type OpenApi, operationsOf } from '../testing/openapi.ts';

let server: TestApp;
let world: World;
let document: OpenApi;
beforeAll(async () => {
  server = await openTestApp();
  world = await makeWorld(server);
  document = (await server.app.inject('/openapi.json')).json();
});
afterAll(() => server.close());

const isNumber = (schema: object) => 'type' in schema && (schema.type === 'integer' || schema.type === 'number');
const notNumbers = ['', ' ', ' 1', '1 ', '+1', '1e3', '0x10', '0b1', '1_000', '1,5', '١', 'NaN', 'Infinity', 'null'];

it('[Q8] every number in an address is decimal digits', async () => {
  const counted = new Map<string, number>();
  for (const listed of operationsOf(document)) {
    const numbers = (listed.operation.parameters ?? []).filter(({ schema }) => isNumber(schema));
    if (numbers.length === 0) continue;
    const usual = (await happy[listed.operationId]?.(world)) ?? {};
    for (const { name, in: where } of numbers) {
      const key = where === 'path' ? 'params' : where === 'header' ? 'headers' : 'query';
      // An empty part of a path is another address.
      for (const text of notNumbers.filter((one) => where !== 'path' || one !== '')) {
        const answer = await send(world, listed, { ...usual, [key]: { ...usual[key], [name]: text } });
        expect(answer.statusCode, `${listed.operationId} with ${name}=${JSON.stringify(text)}`).toBe(422);
      }
      counted.set(name, (counted.get(name) ?? 0) + 1);
    }
  }
  expect([...counted.keys()]).toEqual(
    expect.arrayContaining(['limit', 'offset', 'from', 'max_points', 'round', 'seq']),
  );
  expect(counted.get('limit')).toBeGreaterThan(10);
});

it('[Q8] a number out of its bounds is 422, never another number', async () => {
  const { headers } = await server.signIn('admin');
  for (const [query, status] of [
    ['limit=1', 200],
    ['limit=1.0', 200],
    ['limit=0', 422],
    ['limit=-1', 422],
    ['limit=1.5', 422],
    [`limit=${limits.pageItems + 1}`, 422],
    ['limit=1&limit=2', 422],
    ['offset=9007199254740993', 422],
  ] as const)
    expect((await server.ask('GET', `/api/runs?${query}`, headers)).statusCode, query).toBe(status);
});
