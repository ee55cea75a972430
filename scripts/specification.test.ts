import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';

const docs = resolve(import.meta.dirname, '../docs');

/** The rows of the specification's three lists, as it names them. */
const specified = [
  'GET /api/rounds',
  'GET /api/rounds/{id}',
  'GET /api/clients',
  'GET /api/clients/{id}/history',
  'GET /api/models',
  'GET /api/models/{version}/download',
  'POST /api/rounds/{id}/stop',
  'GET /api/metrics/summary',
  'GET /api/health',
  'WS /ws/events',
  'WebSocket reconnects in infinite loop',
  'Stale WS state in React closure',
  'Missing `finally` on WS disconnect',
  'Pydantic v2 ORM mode',
  'React renders on every WS message',
  'CORS errors in dev',
  'Sync DB session in async route',
  'N+1 queries in round list',
  'WS reconnects after server restart (no zombie connections)',
  'Dashboard shows correct round progress % in real-time',
  '50 clients connect simultaneously — no UI lag',
  'Metrics chart updates live as rounds complete',
  'API returns 404, not 500, for missing resources',
  'Token expiry redirects to login (HTTP 401 → frontend)',
  'DB transactions rollback on exception (no partial writes)',
  'CORS allows frontend dev server, blocks random origins',
];

const named = [
  ...readFileSync(resolve(docs, 'specification.md'), 'utf8').matchAll(/^\| *(.*?) *\| (.+?) \| \[.+?\]\((.+?)\) \|$/gm),
];
const rows = named.map(([, row = '', test = '', file = '']) => ({ row, test, file }));

it('docs/specification.md has every row of the specification, in its order', () => {
  expect(rows.map(({ row }) => row).filter((row) => row !== '')).toEqual(specified);
});

it.each(rows)('docs/specification.md names a test that exists: $test, in $file', ({ test, file }) => {
  const text = readFileSync(resolve(docs, file), 'utf8');
  const title = test.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  expect(text).toMatch(
    new RegExp(`(it|test)(\\.each\\(.*\\))?\\(\\s*['"\`]${title}['"\`]|\\]\\)\\(\\s*['"\`]${title}['"\`]`, 's'),
  );
});

it.each(rows)('the test begins with the name of its row: $test', ({ test }) => {
  const plain = specified.map((row) => row.replaceAll('`', ''));
  expect(plain.some((row) => test.startsWith(row))).toBe(true);
});
