import type { Db } from '../db/database.ts';
import { Unauthorized } from '../errors.ts';
import { createAccessTokens } from './access-tokens.ts';
import { createApiKeys } from './api-keys.ts';
import type { Clock } from './clock.ts';
import { type Credentials, logIn } from './login.ts';
import { createLoginThrottle } from './login-throttle.ts';
import type { Principal } from './principal.ts';
import { createSessions } from './sessions.ts';
import { createSignInLink, redeemSignInLink } from './sign-in-links.ts';
import { createWsTickets } from './ws-tickets.ts';

interface Options {
  readonly db: Db;
  readonly secretKey: string;
  readonly now?: Clock;
}

export type AuthServices = ReturnType<typeof createAuth>;

export function createAuth({ db, secretKey, now = Date.now }: Options) {
  const accessTokens = createAccessTokens(secretKey, now);
  const sessions = createSessions(db, now);
  const tickets = createWsTickets(db, now);
  const throttle = createLoginThrottle();

  const inOpenSession = async (principal: Principal): Promise<Principal> => {
    if (!(await sessions.isActive(principal.session_id)))
      throw new Unauthorized('the session has ended; sign in again');
    return principal;
  };
  const authenticate = async (accessToken: string) => inOpenSession(await accessTokens.verify(accessToken));

  return {
    accessTokens,
    sessions,
    tickets,
    apiKeys: createApiKeys(db, now),
    logIn: (credentials: Credentials) => logIn(db, throttle, credentials),
    createSignInLink: (user_id: string) => createSignInLink(db, user_id, now),
    redeemSignInLink: (token: string) => redeemSignInLink(db, token, now),

    /** Whose access token this is; throws `Unauthorized` once its session has ended. */
    authenticate,

    /** What a socket presents is an access token or a one-use ticket; only the former has dots. */
    authenticateSocket: async (token: string): Promise<Principal> =>
      token.includes('.') ? authenticate(token) : inOpenSession(await tickets.redeem(token)),
  };
}
