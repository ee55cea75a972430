import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aRequest, aVisit, fakeClock, makeUser } from '../../testing/auth/people.ts';
import { openTestDatabase } from '../../testing/database.ts';
import type { Database } from '../db/database.ts';
import { updateUser } from '../db/queries/users.ts';
import { oneUseSecrets } from '../db/tables/people.ts';
import { Unauthorized } from '../errors.ts';
import { DAY, HOUR, SECOND } from './clock.ts';
import { createAuth } from './services.ts';

let database: Database;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());

describe('a socket ticket', () => {
  it('[P7] opens one socket for its user when two requests race', async () => {
    const { auth, principal, ticket } = await makeTicket();
    const [one, two] = await Promise.allSettled([auth.authenticateSocket(ticket), auth.authenticateSocket(ticket)]);
    const answers = [one, two].filter((answer) => answer.status === 'fulfilled');
    expect(answers.map(({ value }) => value)).toMatchObject([
      { signInId: principal.session_id, userId: principal.user_id },
    ]);
  });

  it('is refused after 30 s', async () => {
    const { auth, ticket, clock } = await makeTicket();
    clock.advance(30 * SECOND);
    await expect(auth.authenticateSocket(ticket)).rejects.toBeInstanceOf(Unauthorized);
  });

  it('is refused after its session has ended', async () => {
    const { auth, ticket, cookie } = await makeTicket();
    await auth.sessions.end(cookie);
    await expect(auth.authenticateSocket(ticket)).rejects.toBeInstanceOf(Unauthorized);
  });

  it('is stored as a hash only, and not for long', async () => {
    const { auth, ticket, clock } = await makeTicket();
    const stored = () => database.db.select().from(oneUseSecrets);
    const before = await stored();
    expect(before.length).toBeGreaterThan(0);
    expect(JSON.stringify(before)).not.toContain(ticket);
    clock.advance(DAY);
    await auth.forgetExpired();
    expect(await stored()).toEqual([]);
  });

  it('is not the only way to open a socket: an access token also works', async () => {
    const { auth, principal, user } = await makeTicket();
    const token = await auth.accessTokens.issue(user, principal.session_id);
    const viewer = { signInId: principal.session_id, userId: principal.user_id };
    expect(await auth.authenticateSocket(token)).toMatchObject(viewer);
  });
});

describe('a sign-in link', () => {
  it('[P7] signs its user in once, of two attempts at once', async () => {
    const { auth, user } = makeAuth(await makeUser(database.db));
    const token = await auth.createSignInLink(user.id);
    const tries = await Promise.allSettled([
      auth.redeemSignInLink(aRequest, token),
      auth.redeemSignInLink(aRequest, token),
    ]);
    const answers = tries.filter((answer) => answer.status === 'fulfilled');
    expect(answers.map(({ value }) => value.username)).toEqual([user.username]);
  });

  it('is refused after an hour', async () => {
    const { auth, user, clock } = makeAuth(await makeUser(database.db));
    const token = await auth.createSignInLink(user.id);
    clock.advance(HOUR);
    await expect(auth.redeemSignInLink(aRequest, token)).rejects.toBeInstanceOf(Unauthorized);
  });

  it('is void once there is a newer one', async () => {
    const { auth, user } = makeAuth(await makeUser(database.db));
    const older = await auth.createSignInLink(user.id);
    const newer = await auth.createSignInLink(user.id);
    await expect(auth.redeemSignInLink(aRequest, older)).rejects.toBeInstanceOf(Unauthorized);
    await expect(auth.redeemSignInLink(aRequest, newer)).resolves.toMatchObject({ id: user.id });
  });

  it('does not let a disabled user in', async () => {
    const { auth, user } = makeAuth(await makeUser(database.db));
    const token = await auth.createSignInLink(user.id);
    await updateUser(database.db, user.id, { disabled: true });
    await expect(auth.redeemSignInLink(aRequest, token)).rejects.toBeInstanceOf(Unauthorized);
  });

  it('is stored as a hash only', async () => {
    const { auth, user } = makeAuth(await makeUser(database.db));
    const token = await auth.createSignInLink(user.id);
    expect(JSON.stringify(await database.db.select().from(oneUseSecrets))).not.toContain(token);
  });
});

function makeAuth<U>(user: U) {
  const clock = fakeClock();
  const auth = createAuth({ db: database.db, secretKey: 'a secret of at least thirty-two bytes', now: clock.now });
  return { auth, clock, user };
}

async function makeTicket() {
  const { auth, clock, user } = makeAuth(await makeUser(database.db));
  const { session_id, cookie } = await auth.sessions.start(user, aVisit);
  const principal = { user_id: user.id, username: user.username, role: user.role, session_id };
  return { auth, clock, user, principal, cookie: cookie.value, ticket: await auth.tickets.issue(principal) };
}
