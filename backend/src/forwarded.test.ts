import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestApp } from '../testing/app.ts';
import { openTestDatabase } from '../testing/database.ts';
import type { Database } from './db/database.ts';
import { listAudit } from './db/queries/audit.ts';

let database: Database;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());

describe('where a request came from', () => {
  it.each([
    ['what the peer says is not believed', undefined, '198.51.100.1', '127.0.0.1'],
    ['a trusted proxy is', '127.0.0.1', '198.51.100.1', '198.51.100.1'],
    [
      'a trusted proxy passes on the chain it received, and only the address it adds counts',
      '127.0.0.1',
      '1.1.1.1, 198.51.100.1',
      '198.51.100.1',
    ],
    ['another proxy than the trusted one is not', '10.0.0.0/8', '198.51.100.1', '127.0.0.1'],
  ])('%s', async (_, trustProxy, forwarded, address) => {
    const { app } = await openTestApp({ database, trustProxy });
    await app.inject({
      method: 'POST',
      url: '/api/auth/login',
      headers: { 'x-forwarded-for': forwarded },
      payload: { username: 'unknown', password: 'wrong' },
    });
    const { items } = await listAudit(database.db, { visible: null, action: 'sign_in.failed', limit: 1, offset: 0 });
    await app.close();
    expect(items[0]?.address).toBe(address);
  });
});
