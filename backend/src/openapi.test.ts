import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestApp, type TestApp } from '../testing/app.ts';
import { checkerOf, operationsOf } from '../testing/openapi.ts';
import { examples } from './schemas/examples/operations.ts';

let server: TestApp;
beforeAll(async () => {
  server = await openTestApp();
});
afterAll(() => server.close());

const load = async () => (await server.app.inject('/openapi.json')).json();

describe('the OpenAPI document', () => {
  it('is valid OpenAPI 3.1', async () => {
    const validator = new Validator();
    const { valid, errors } = await validator.validate(await load());
    expect(errors).toBeUndefined();
    expect([valid, validator.version]).toEqual([true, '3.1']);
  });

  it('names every operation once, in camelCase, as generated clients will', async () => {
    const ids = operationsOf(await load()).map(({ operationId }) => operationId);
    expect(ids.filter((id, n) => ids.indexOf(id) !== n)).toEqual([]);
    expect(ids.filter((id) => !/^[a-z][a-zA-Z0-9]*$/.test(id))).toEqual([]);
  });

  it('says of every operation, parameter and answer what it is', async () => {
    const mute = operationsOf(await load()).flatMap(({ operationId, operation }) => [
      ...(operation.summary && operation.tags?.length === 1 ? [] : [operationId]),
      ...(operation.parameters ?? [])
        .filter(({ description }) => !description)
        .map(({ name }) => `${operationId} ${name}`),
      ...Object.entries(operation.responses)
        .filter(([, { description }]) => !description || description === 'Default Response')
        .map(([status]) => `${operationId} ${status}`),
    ]);
    expect(mute).toEqual([]);
  });

  it('has an example of every JSON body, and each is valid', async () => {
    const document = await load();
    const check = checkerOf(document);
    const wrong: string[] = [];
    for (const { operationId, operation } of operationsOf(document)) {
      const bodies = [
        ['request', operation.requestBody],
        ...Object.entries(operation.responses).filter(([status]) => status < '300'),
      ] as const;
      for (const [name, body] of bodies) {
        const json = body?.content?.['application/json'];
        if (!json) continue;
        const problem = json.example === undefined ? 'has no example' : check(json.schema, json.example);
        if (problem) wrong.push(`${operationId} ${name}: ${problem}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('has no example of an operation that is gone', async () => {
    const ids = new Set(operationsOf(await load()).map(({ operationId }) => operationId));
    expect(Object.keys(examples).filter((id) => !ids.has(id))).toEqual([]);
  });

  it('documents every refusal as a problem', async () => {
    const others = operationsOf(await load()).flatMap(({ operationId, operation }) =>
      Object.entries(operation.responses)
        .filter(([status, { content = {} }]) => {
          const isDegraded = operationId === 'getHealth' && status === '503';
          return status >= '400' && !isDegraded && Object.keys(content).join() !== 'application/problem+json';
        })
        .map(([status]) => `${operationId} ${status}`),
    );
    expect(others).toEqual([]);
  });
});
