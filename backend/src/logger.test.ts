import type { AddressInfo } from 'node:net';
import { type SQL, sql } from 'drizzle-orm';
import { expect, it } from 'vitest';
import { openTestApp } from '../testing/app.ts';
import { makeUser } from '../testing/auth/people.ts';
import { openTestDatabase } from '../testing/database.ts';
import { makeRun } from '../testing/facts.ts';
import { openSocket } from '../testing/socket.ts';
import { createLogger } from './logger.ts';

it('logs carry no password, token, cookie, ticket or API key, whatever was asked and refused', async () => {
  const lines: string[] = [];
  const logger = createLogger('trace', { write: (line: string) => void lines.push(line) });
  const server = await openTestApp({ logger });
  const { ask } = server;
  const password = 'correct horse battery';
  const { username } = await makeUser(server.database.db, { role: 'admin', password });

  const signedIn = await ask('POST', '/api/auth/login', {}, { username, password });
  const { access_token } = signedIn.json<{ access_token: string }>();
  const cookie = signedIn.cookies[0]?.value ?? '';
  const headers = { authorization: `Bearer ${access_token}` };
  await ask('POST', '/api/auth/login', {}, { username, password: 'wrong horse battery' });
  await ask('POST', '/api/auth/login', {}, { username: 7, password: 'typed horse battery' });
  const refreshed = await ask('POST', '/api/auth/refresh', { cookie: `rondo_refresh=${cookie}` });
  const newCookie = refreshed.cookies[0]?.value ?? '';
  const made = await ask('POST', '/api/keys', headers, { name: 'a test' });
  const { key } = made.json<{ key: string }>();
  const report = (authorization: string) =>
    ask(
      'POST',
      '/api/ingest',
      { authorization },
      { reporter_id: 'r', batch: 1, events: [makeRun().say('run_complete', { status: 'complete' })] },
    );
  await report(`Bearer ${key}`);
  await report(`Bearer ${key}x`);
  await ask('GET', `/api/rounds?token=${access_token}`, { 'x-api-key': key });
  await ask('GET', `/nowhere?token=${access_token}`);

  await server.app.listen({ host: '127.0.0.1', port: 0 });
  const url = `ws://127.0.0.1:${(server.app.server.address() as AddressInfo).port}/ws/events`;
  const { ticket } = (await ask('POST', '/api/auth/ws-ticket', headers)).json<{ ticket: string }>();
  for (const token of [ticket, access_token]) await (await openSocket(`${url}?token=${token}`)).nextText();
  await (await openSocket(`${url}?token=${ticket}`)).closed;
  await openSocket(`${url}?token=${ticket}`, { origin: 'http://evil.example' }).catch(() => {});
  await server.close();

  const log = lines.join('');
  expect(log).toContain('"path":"/api/auth/login"');
  expect(log).toContain('"path":"/ws/events"');
  const secrets = { password, access_token, cookie, newCookie, key, ticket };
  for (const [name, secret] of Object.entries(secrets)) {
    expect(secret.length, name).toBeGreaterThan(10);
    expect(log.includes(secret), `the log has the ${name}`).toBe(false);
  }
  expect(log).not.toContain('horse battery');
});

it('an error of the database is logged with its cause, without query parameters and stored values', async () => {
  const lines: string[] = [];
  const logger = createLogger('trace', { write: (line: string) => void lines.push(line) });
  const database = await openTestDatabase();
  const secret = 'a hash of something';
  const ask = (query: SQL) => database.db.execute(query).catch((err: unknown) => logger.error({ err }, 'it failed'));
  await ask(sql`insert into migrations (name) values (${secret})`);
  await ask(sql`insert into migrations (name) values (${secret})`);
  await ask(sql`select ${secret}::text from nowhere`);
  await database.close();
  const logged = lines.map((line) => JSON.parse(line).err);
  expect(logged).toMatchObject([
    { cause: { code: '23505', message: expect.stringContaining('duplicate key') } },
    {
      message: expect.stringContaining('from nowhere'),
      cause: { code: '42P01', stack: expect.stringContaining('at ') },
    },
  ]);
  expect(lines.join('')).not.toContain(secret);
});
