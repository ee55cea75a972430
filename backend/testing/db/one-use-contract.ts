import { randomUUID } from 'node:crypto';
import { modelVersionSchema, runIdSchema } from '@rondo/protocol';
import { sql } from 'drizzle-orm';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { createOneUse } from '../../src/auth/one-use.ts';
import { hashSecret } from '../../src/auth/secrets.ts';
import type { Database } from '../../src/db/database.ts';
import type { Db } from '../../src/db/db.ts';
import { migrateIn } from '../../src/db/migrate.ts';
import { deleteExpiredOneUse, takeOneUse } from '../../src/db/queries/one-use.ts';
import { fakeClock, makeUser } from '../auth/people.ts';

const purposes = ['sign_in_link', 'ws_ticket', 'download_link'] as const;
const seconds = 30;
// On a loaded machine the embedded database takes a second for a commit.
const timeout = 120_000;
const content = z.object({ run_id: runIdSchema, version: modelVersionSchema });
const opens = content.parse({ run_id: 'a-run', version: 'v1' });

/** Secrets that are redeemed at most once, on whichever database. */
export function oneUseContract(database: () => Database): void {
  it('[P7] of any number of redemptions at once exactly one succeeds, before the secret expires', {
    timeout,
  }, async () => {
    const { db } = database();
    const { id } = await makeUser(db);
    const scenario = fc.record({
      purpose: fc.constantFrom(...purposes),
      redemptions: fc.integer({ min: 1, max: 8 }),
      looks: fc.integer({ min: 0, max: 3 }),
      afterMs: fc.integer({ min: 0, max: 2 * seconds * 1_000 }),
    });
    await fc.assert(
      fc.asyncProperty(scenario, async ({ purpose, redemptions, looks, afterMs }) => {
        const clock = fakeClock();
        const secrets = createOneUse({ purpose, seconds, content }, clock.now);
        const secret = await secrets.issue(db, id, opens);
        clock.advance(afterMs);
        const expected = afterMs < seconds * 1_000 ? [{ user_id: id, opens }] : [];
        for (let look = 0; look < looks; look += 1)
          expect([await secrets.redeem(db, secret, { keep: true })].filter(Boolean)).toEqual(expected);
        const results = await Promise.all(Array.from({ length: redemptions }, () => secrets.redeem(db, secret)));
        expect(results.filter(Boolean)).toEqual(expected);
        expect(await secrets.redeem(db, secret, { keep: true })).toBeUndefined();
      }),
      { numRuns: 10 },
    );
  });

  it('[P7] a secret opens nothing of another kind, and stays usable for its own', async () => {
    const { db } = database();
    const { id } = await makeUser(db);
    for (const purpose of purposes) {
      const secret = await createOneUse({ purpose, seconds, content }).issue(db, id, opens);
      for (const other of purposes.filter((each) => each !== purpose))
        expect(await createOneUse({ purpose: other, seconds, content }).redeem(db, secret)).toBeUndefined();
      expect(await createOneUse({ purpose, seconds, content }).redeem(db, secret)).toEqual({ user_id: id, opens });
    }
  });

  it('a redemption that is rolled back leaves the secret usable', async () => {
    const { db } = database();
    const { id } = await makeUser(db);
    const secrets = createOneUse({ purpose: 'ws_ticket', seconds, content });
    const secret = await secrets.issue(db, id, opens);
    const failing = db.transaction(async (tx) => {
      expect(await secrets.redeem(tx, secret)).toBeDefined();
      throw new Error('a later step fails');
    });
    await expect(failing).rejects.toThrow('a later step fails');
    expect(await secrets.redeem(db, secret)).toBeDefined();
  });

  it('housekeeping deletes what has expired, and nothing else', async () => {
    const { db } = database();
    const { id } = await makeUser(db);
    const clock = fakeClock();
    const [short, long] = [seconds, 2 * seconds].map((each) =>
      createOneUse({ purpose: 'ws_ticket', seconds: each, content }, clock.now),
    ) as [ReturnType<typeof createOneUse>, ReturnType<typeof createOneUse>];
    await short.issue(db, id, opens);
    const kept = await long.issue(db, id, opens);
    clock.advance(seconds * 1_000);
    await deleteExpiredOneUse(db, new Date(clock.now()).toISOString());
    const rows = await db.execute<{ n: number }>(
      sql`select count(*)::int as n from one_use_secrets where user_id = ${id}`,
    );
    expect([...rows]).toEqual([{ n: 1 }]);
    expect(await long.redeem(db, kept)).toBeDefined();
  });

  it('an upgrade keeps the secrets that the version before it issued', { timeout }, async () => {
    // Those that the three old tables depend on.
    const older = ['0001_runs.sql', '0002_people.sql', '0003_models.sql', '0013_model_names.sql'];
    const undo = new Error('undo');
    const upgraded = database().db.transaction(async (tx) => {
      // Tables of the older version, beside those of this test's database.
      await tx.execute(sql`create schema older_version`);
      await tx.execute(sql`set local search_path to older_version, public`);
      await migrateIn(tx, { only: older });
      const ids = await issueByOlderVersion(tx);
      await migrateIn(tx, { only: ['0050_one_use.sql'] });
      const now = '2026-01-31T12:00:00.000Z';
      const take = (purpose: (typeof purposes)[number]) =>
        takeOneUse(tx, { purpose, secret_hash: hashSecret(purpose), now });
      const { user_id, session_id } = ids;
      expect(await take('sign_in_link')).toMatchObject({ user_id, content: {} });
      expect(await take('ws_ticket')).toMatchObject({ user_id, content: { session_id } });
      expect(await take('download_link')).toMatchObject({ user_id, content: { session_id, ...opens } });
      throw undo;
    });
    await expect(upgraded).rejects.toBe(undo);
  });
}

async function issueByOlderVersion(tx: Db): Promise<{ user_id: string; session_id: string }> {
  const [user_id, session_id] = [randomUUID(), randomUUID()];
  const later = '2026-01-31T12:00:30.000Z';
  await tx.execute(
    sql`insert into users (id, username, password_hash, role) values (${user_id}, 'older', 'none', 'viewer')`,
  );
  await tx.execute(sql`
    insert into sessions (id, user_id, secret_hash, created_at, last_used_at, expires_at, address)
    values (${session_id}, ${user_id}, 'none', ${later}, ${later}, ${later}, '')`);
  await tx.execute(sql`
    insert into runs (run_id, name, status, config, tags, commands_supported, num_clients, started_at, status_at, epoch, seq,
      updated_seq, created_at)
    values (${opens.run_id}, 'run', 'running', '{}', '[]', '[]', 0, ${later}, ${later}, 'e', 1, 1, ${later})`);
  await tx.execute(sql`insert into model_contents (sha256, size_bytes) values ('00', 1)`);
  await tx.execute(sql`
    insert into models (version, run_id, format, sha256, created_at, updated_seq)
    values (${opens.version}, ${opens.run_id}, 'npz', '00', ${later}, 1)`);
  await tx.execute(sql`
    insert into sign_in_links (token_hash, user_id, expires_at) values (${hashSecret('sign_in_link')}, ${user_id}, ${later})`);
  await tx.execute(sql`
    insert into ws_tickets (ticket_hash, session_id, user_id, username, role, expires_at)
    values (${hashSecret('ws_ticket')}, ${session_id}, ${user_id}, 'older', 'viewer', ${later})`);
  await tx.execute(sql`
    insert into download_links (link_hash, run_id, version, session_id, expires_at)
    values (${hashSecret('download_link')}, ${opens.run_id}, ${opens.version}, ${session_id}, ${later})`);
  return { user_id, session_id };
}
