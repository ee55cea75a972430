import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aRequest, aVisit, fakeClock, makeUser } from '../../testing/auth/people.ts';
import { openTestDatabase } from '../../testing/database.ts';
import type { Database } from '../db/database.ts';
import { listAudit } from '../db/queries/audit.ts';
import { updateUser } from '../db/queries/users.ts';
import { sessions as table } from '../db/tables/people.ts';
import { Unauthorized } from '../errors.ts';
import { DAY, HOUR, MINUTE, SECOND } from './clock.ts';
import { createSessions } from './sessions.ts';

let database: Database;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());

describe('a session', () => {
  it('gives a new cookie at every refresh', async () => {
    const { sessions, user, cookie, session_id } = await startSession();
    const refreshed = await sessions.refresh(cookie, aRequest);
    expect(refreshed).toMatchObject({ session_id, user });
    expect(refreshed.cookie?.value).not.toBe(cookie);
    await expect(sessions.refresh(refreshed.cookie?.value, aRequest)).resolves.toMatchObject({ session_id });
  });

  it('serves two tabs that refresh at once, and gives one of them the new cookie', async () => {
    const { sessions, cookie } = await startSession();
    const tabs = await Promise.all([sessions.refresh(cookie, aRequest), sessions.refresh(cookie, aRequest)]);
    expect(tabs.filter((tab) => tab.cookie)).toHaveLength(1);
  });

  it('[P1] goes on after an answer that was lost: the secret just replaced is good until the new one was used', async () => {
    const { sessions, cookie, clock, session_id } = await startSession();
    await sessions.refresh(cookie, aRequest);
    clock.advance(HOUR);
    const recovered = await sessions.refresh(cookie, aRequest);
    expect(recovered.cookie?.value).toBeDefined();
    await expect(sessions.refresh(recovered.cookie?.value, aRequest)).resolves.toMatchObject({ session_id });
  });

  it('[P1] serves two that recover at once, and gives one of them the new secret', async () => {
    const { sessions, cookie, clock } = await startSession();
    await sessions.refresh(cookie, aRequest);
    clock.advance(HOUR);
    const tabs = await Promise.all([sessions.refresh(cookie, aRequest), sessions.refresh(cookie, aRequest)]);
    expect(tabs.filter((tab) => tab.cookie)).toHaveLength(1);
  });

  it('[P2] ends for both when two hold a copy: who comes second with a void secret ends it', async () => {
    const { sessions, cookie: stolen, clock, session_id } = await startSession();
    const { cookie: owners } = await sessions.refresh(stolen, aRequest);
    clock.advance(MINUTE);
    const { cookie: thiefs } = await sessions.refresh(stolen, aRequest);
    await expect(sessions.refresh(owners?.value, aRequest)).rejects.toBeInstanceOf(Unauthorized);
    await expect(sessions.refresh(thiefs?.value, aRequest)).rejects.toBeInstanceOf(Unauthorized);
    expect(await sessions.isActive(session_id)).toBe(false);
  });

  it('[P2] ends when the secret before the newest comes back after the newest was used', async () => {
    const { sessions, cookie, clock, session_id } = await startSession();
    const second = await sessions.refresh(cookie, aRequest);
    const third = await sessions.refresh(second.cookie?.value, aRequest);
    clock.advance(MINUTE);
    await expect(sessions.refresh(cookie, aRequest)).rejects.toBeInstanceOf(Unauthorized);
    await expect(sessions.refresh(third.cookie?.value, aRequest)).rejects.toBeInstanceOf(Unauthorized);
    expect(await sessions.isActive(session_id)).toBe(false);
  });

  it('[P2] ends when a secret replaced more than a day ago comes back, used or not', async () => {
    const { sessions, cookie, clock, session_id } = await startSession();
    await sessions.refresh(cookie, aRequest);
    clock.advance(DAY + 1);
    await expect(sessions.refresh(cookie, aRequest)).rejects.toBeInstanceOf(Unauthorized);
    expect(await sessions.isActive(session_id)).toBe(false);
  });

  it('leaves an entry in the audit log when it ends for a copy', async () => {
    const { sessions, cookie, clock, session_id, user } = await startSession();
    await sessions.refresh(cookie, aRequest);
    clock.advance(DAY + 1);
    await expect(sessions.refresh(cookie, aRequest)).rejects.toBeInstanceOf(Unauthorized);
    const { items } = await listAudit(database.db, { visible: null, target: session_id, limit: 9, offset: 0 });
    expect(items).toMatchObject([
      { action: 'session.end', actor: null, address: aRequest.ip, detail: { username: user.username } },
    ]);
  });

  it('ends when a secret older than the one just replaced comes back, however soon', async () => {
    const { sessions, cookie } = await startSession();
    const second = await sessions.refresh(cookie, aRequest);
    await sessions.refresh(second.cookie?.value, aRequest);
    await expect(sessions.refresh(cookie, aRequest)).rejects.toBeInstanceOf(Unauthorized);
    await expect(sessions.refresh(second.cookie?.value, aRequest)).rejects.toBeInstanceOf(Unauthorized);
  });

  it('idles out after 7 days', async () => {
    const { sessions, cookie, clock } = await startSession();
    clock.advance(7 * DAY);
    await expect(sessions.refresh(cookie, aRequest)).rejects.toBeInstanceOf(Unauthorized);
  });

  it('expires after 30 days, however busy, and its last cookie does not outlive it', async () => {
    const { sessions, cookie, clock } = await startSession();
    let newest = await sessions.refresh(cookie, aRequest);
    for (let week = 0; week < 4; week += 1) {
      clock.advance(6 * DAY);
      newest = await sessions.refresh(newest.cookie?.value, aRequest);
    }
    clock.advance(5 * DAY);
    newest = await sessions.refresh(newest.cookie?.value, aRequest);
    expect(newest.cookie?.max_age_s).toBe((1 * DAY) / SECOND);
    clock.advance(1 * DAY);
    await expect(sessions.refresh(newest.cookie?.value, aRequest)).rejects.toBeInstanceOf(Unauthorized);
  });

  it('is over at once on the server that ends it, and within a second on another', async () => {
    const { sessions, cookie, clock, session_id } = await startSession();
    const another = createSessions(database.db, clock.now);
    expect(await Promise.all([sessions, another].map(({ isActive }) => isActive(session_id)))).toEqual([true, true]);
    await sessions.end(cookie);
    expect(await sessions.isActive(session_id)).toBe(false);
    clock.advance(SECOND);
    expect(await another.isActive(session_id)).toBe(false);
  });

  it('of a user who is disabled is over within a second', async () => {
    const { sessions, cookie, clock, session_id, user } = await startSession();
    expect(await sessions.isActive(session_id)).toBe(true);
    await updateUser(database.db, user.id, { disabled: true });
    clock.advance(SECOND);
    expect(await sessions.isActive(session_id)).toBe(false);
    await expect(sessions.refresh(cookie, aRequest)).rejects.toBeInstanceOf(Unauthorized);
  });

  it('ends with all others of its user', async () => {
    const { sessions, session_id, user } = await startSession();
    const other = await sessions.start(user, aVisit);
    (await sessions.endAllOf(database.db, user.id))();
    expect(await Promise.all([session_id, other.session_id].map(sessions.isActive))).toEqual([false, false]);
  });

  it('notifies listeners once that it has ended', async () => {
    const { sessions, cookie, session_id } = await startSession();
    const ended: string[] = [];
    const stop = sessions.onEnded((id) => ended.push(id));
    await sessions.end(cookie);
    await sessions.end(cookie);
    stop();
    expect(ended).toEqual([session_id]);
  });

  it('is not ended by a sign-out that does not know its secret', async () => {
    const { sessions, session_id } = await startSession();
    await sessions.end(`${session_id}.${'x'.repeat(43)}`);
    expect(await sessions.isActive(session_id)).toBe(true);
  });

  it('is stored without its secret', async () => {
    const { cookie, session_id } = await startSession();
    const stored = await database.db.select().from(table).where(eq(table.id, session_id));
    expect(JSON.stringify(stored)).not.toContain(cookie.split('.')[1]);
  });

  it.each([undefined, '', 'x', `${'x'.repeat(36)}.${'x'.repeat(43)}`, "'; drop table sessions"])(
    'cannot be refreshed with %j',
    async (value) => {
      await expect(createSessions(database.db).refresh(value, aRequest)).rejects.toBeInstanceOf(Unauthorized);
    },
  );
});

async function startSession() {
  const clock = fakeClock();
  const sessions = createSessions(database.db, clock.now);
  const user = await makeUser(database.db);
  const { session_id, cookie } = await sessions.start(user, aVisit);
  return { clock, sessions, user, session_id, cookie: cookie.value };
}
