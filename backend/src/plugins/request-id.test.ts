import { afterAll, beforeAll, expect, it } from 'vitest';
import { openTestApp, type TestApp } from '../../testing/app.ts';
import { createLogger } from '../logger.ts';

const lines: string[] = [];
let server: TestApp;
beforeAll(async () => {
  server = await openTestApp({ logger: createLogger('info', { write: (line: string) => void lines.push(line) }) });
});
afterAll(() => server.close());

const header = 'x-request-id';
const ask = async (url: string, headers: Record<string, string> = {}) => {
  const answer = await server.ask('GET', url, headers);
  return { ...answer, status: answer.statusCode, id: String(answer.headers[header]) };
};

it.each([
  ['/api/health', 200],
  ['/api/rounds', 401],
  ['/nowhere', 404],
  ['/api/runs/%ZZ', 400],
])('%s is answered %i with the name under which the log has it', async (url, status) => {
  const answer = await ask(url);
  expect(answer.status).toBe(status);
  expect(answer.id).toMatch(/^[\da-f-]{36}$/);
  // A request with an unreadable address has no log line of its own.
  if (status !== 400) expect(lines.join('')).toContain(`"reqId":"${answer.id}"`);
});

it('keeps a valid id that the caller sends, also in the log', async () => {
  expect((await ask('/api/rounds', { [header]: 'trace-42/span.7' })).id).toBe('trace-42/span.7');
  expect(lines.join('')).toContain('"reqId":"trace-42/span.7"');
});

it.each(['short', 'with a space in it', 'x'.repeat(129), '{"level":60,"msg":"forged"}', 'ümlaut-umlaut'])(
  'another is replaced: %s',
  async (given) => {
    expect((await ask('/api/health', { [header]: given })).id).toMatch(/^[\da-f-]{36}$/);
    expect(lines.join('')).not.toContain(JSON.stringify(given).slice(1, -1));
  },
);
