import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openTestApp, type TestApp } from '../testing/app.ts';
import { type Ask, makeWorld, send, type World } from '../testing/exchanges.ts';
import { happy } from '../testing/happy.ts';
import { judgeOf, type Listed, type OpenApi, operationsOf } from '../testing/openapi.ts';
import { facts } from './schemas/examples/entities.ts';

// FUZZ_RUNS=50000 FUZZ_SEED=… for a long look at other requests.
const numRuns = Number(process.env.FUZZ_RUNS ?? 1_000);
const seed = Number(process.env.FUZZ_SEED ?? 20_261_130);

let server: TestApp;
let world: World;
let operations: Listed[];
let good: Map<string, Ask>;
let differs: ReturnType<typeof judgeOf>;
beforeAll(async () => {
  server = await openTestApp();
  world = await makeWorld(server);
  const document: OpenApi = (await server.app.inject('/openapi.json')).json();
  operations = operationsOf(document);
  differs = judgeOf(document);
  good = new Map();
  for (const [id, make] of Object.entries(happy)) good.set(id, await make(world));
});
afterAll(() => server.close());

const oddText = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    '\0',
    '\ud800',
    '../..',
    '%00',
    '%',
    "'; drop table runs; --",
    '__proto__',
    'NaN',
    '-0',
    '1e400',
  ),
  fc.constantFrom(
    '9007199254740993',
    '-1',
    '0',
    '2147483648',
    '00',
    '1.5',
    'null',
    '[]',
    'x'.repeat(129),
    '🤖'.repeat(200),
  ),
  fc.string({ unit: 'binary', maxLength: 20 }),
);
const oddValue: fc.Arbitrary<unknown> = fc.oneof(
  oddText,
  fc.constantFrom(null, true, -1, 0, 1.5, 2 ** 53, 1e308, -1e-320, [], {}, [null], { a: { b: {} } }),
  fc.jsonValue({ maxDepth: 3 }),
);
const headerText = fc.stringMatching(/^[ -~]{0,40}$/);
const oddHeaders = fc.dictionary(
  fc.constantFrom(
    'accept',
    'authorization',
    'content-type',
    'cookie',
    'if-none-match',
    'if-range',
    'origin',
    'range',
    'tus-resumable',
    'upload-length',
    'upload-metadata',
    'upload-offset',
    'x-api-key',
    'x-content-sha256',
    'x-forwarded-for',
    'x-http-method-override',
  ),
  fc.oneof(headerText, fc.constantFrom('bytes=0-', 'bytes=-1', 'bytes=9-1', 'application/json', '1.0.0', '-1', '1e9')),
  { maxKeys: 2 },
);

/** One of its fields, at any depth, is something else, is gone or is new. */
const mutated = (value: unknown): fc.Arbitrary<unknown> => {
  if (typeof value !== 'object' || value === null) return oddValue;
  const keys = Object.keys(value);
  const change = (key: string) =>
    mutated((value as Record<string, unknown>)[key]).map((inner) =>
      Array.isArray(value) ? value.map((one, n) => (String(n) === key ? inner : one)) : { ...value, [key]: inner },
    );
  const choices: fc.Arbitrary<unknown>[] = [
    oddValue,
    fc.tuple(oddText, oddValue).map(([key, inner]) => ({ ...value, [key]: inner })),
  ];
  if (keys.length > 0) {
    choices.push(fc.constantFrom(...keys).chain(change));
    choices.push(
      fc.constantFrom(...keys).map((key) => Object.fromEntries(Object.entries(value).filter(([one]) => one !== key))),
    );
  }
  return fc.oneof(...choices);
};

const manyFacts = fc.array(fc.constantFrom(...facts).chain(mutated), { maxLength: 5 });

function bodyOf(id: string, body: Ask['body']): fc.Arbitrary<Ask['body']> {
  const usual = fc.constant(body);
  if (body === undefined) return fc.oneof({ weight: 4, arbitrary: usual }, { weight: 1, arbitrary: oddText });
  if (typeof body === 'string') return fc.oneof(usual, oddText);
  const events = fc.record({ reporter_id: fc.uuid(), batch: fc.nat(), events: manyFacts });
  const json = id === 'ingest' ? fc.oneof(events, mutated(body)) : mutated(body);
  return fc.oneof(
    usual,
    json.map((value) => JSON.stringify(value)),
    oddText,
  );
}

const anAsk = () =>
  fc.constantFrom(...operations).chain((listed) => {
    const usual = good.get(listed.operationId) ?? {};
    const named = listed.operation.parameters ?? [];
    const some = (where: string) => named.filter((one) => one.in === where).map(({ name }) => name);
    const oddParams = fc.record(Object.fromEntries(some('path').map((name) => [name, oddText])), { requiredKeys: [] });
    const queryNames = [...some('query'), 'other'];
    const oddQuery = fc.dictionary(fc.constantFrom(...queryNames), fc.oneof(oddText, fc.constantFrom('1', '2', 'a')), {
      maxKeys: 3,
    });
    return fc
      .record({
        params: oddParams,
        query: oddQuery,
        headers: fc.oneof(fc.constant({}), fc.constant({}), oddHeaders),
        body: bodyOf(listed.operationId, usual.body),
        who: fc.constantFrom('admin', 'admin', usual.who, usual.who, 'viewer', 'reporter', 'anonymous') as fc.Arbitrary<
          Ask['who']
        >,
        address: fc.ipV4(),
      })
      .map((odd) => {
        const isText = typeof odd.body === 'string';
        const headers = { ...(isText && { 'content-type': 'application/json' }), ...usual.headers, ...odd.headers };
        const ask = {
          ...odd,
          params: { ...usual.params, ...(odd.params as Ask['params']) },
          query: { ...usual.query, ...odd.query },
          headers,
        };
        return { listed, ask };
      });
  });

it(`no request makes the server fail, and every answer is as the document says (seed ${seed})`, {
  timeout: 3_600_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(fc.constant(null).chain(anAsk), async ({ listed, ask }) => {
      const answer = await send(world, listed, ask);
      // An incomplete or malformed address belongs to no operation.
      const isElsewhere = Object.values(ask.params ?? {}).some(
        (value) => value === '' || value === '.' || value === '..',
      );
      if (isElsewhere && answer.statusCode === 404) return;
      const problem = differs(listed, answer);
      if (problem) expect.fail(`${listed.operationId} answered ${answer.statusCode}, which ${problem}: ${answer.body}`);
    }),
    { seed, numRuns, endOnFailure: numRuns > 1_000 },
  );
});
