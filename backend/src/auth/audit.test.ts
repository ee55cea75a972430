import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestDatabase } from '../../testing/database.ts';
import type { Database } from '../db/database.ts';
import { listAudit } from '../db/queries/audit.ts';
import { recordAudit } from './audit.ts';

let database: Database;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());

const aRequest = { principal: { user_id: 'a1', username: 'ada' }, ip: '192.0.2.7', id: 'req-1' };
const newest = async () => (await listAudit(database.db, { visible: null, limit: 1, offset: 0 })).items[0];

describe('the audit log', () => {
  it('keeps who did what to what, when and from where', async () => {
    const act = { action: 'run.update', target_type: 'run', target: 'r-1', detail: { name: 'new' } } as const;
    await recordAudit(database.db, aRequest, act, () => Date.parse('2026-01-31T12:00:00.000Z'));
    expect(await newest()).toEqual({
      id: expect.any(Number),
      at: '2026-01-31T12:00:00.000Z',
      actor: 'ada',
      ...act,
      address: '192.0.2.7',
      request_id: 'req-1',
      project_id: null,
    });
  });

  it('keeps nothing of an act that is rolled back', async () => {
    const before = await newest();
    await expect(
      database.db.transaction(async (tx) => {
        await recordAudit(tx, aRequest, { action: 'run.delete', target_type: 'run', target: 'r-2' });
        throw new Error('the act failed');
      }),
    ).rejects.toThrow('the act failed');
    expect(await newest()).toEqual(before);
  });

  it.each(["update audit set actor = 'eve'", 'delete from audit', 'truncate audit'])(
    '[P6] is append-only in the database itself: %s',
    async (statement) => {
      await recordAudit(database.db, aRequest, { action: 'run.delete', target_type: 'run', target: 'r-3' });
      const before = await newest();
      await expect(database.db.execute(sql.raw(statement))).rejects.toMatchObject({
        cause: { message: 'the audit log is append-only' },
      });
      expect(await newest()).toEqual(before);
    },
  );
});
