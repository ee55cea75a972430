import type { PasswordChange } from '@rondo/protocol';
import type { Db } from '../db/db.ts';
import { updateUser } from '../db/queries/users.ts';
import { Unauthorized } from '../errors.ts';
import { createAccessTokens } from './access-tokens.ts';
import { createApiKeys } from './api-keys.ts';
import { type AuditedRequest, recordAudit } from './audit.ts';
import { changePassword } from './change-password.ts';
import { type Clock, momentAt } from './clock.ts';
import { createFailureLog } from './failure-log.ts';
import { type Credentials, logIn } from './login.ts';
import { createLoginThrottle } from './login-throttle.ts';
import { createOidc, type OidcSettings } from './oidc/client.ts';
import type { Principal, User } from './principal.ts';
import { createSessions, type Visit } from './sessions.ts';
import { createSignInLink, redeemSignInLink } from './sign-in-links.ts';
import { createUsers } from './users.ts';
import { createWsTickets } from './ws-tickets.ts';

interface Options {
  readonly db: Db;
  readonly secretKey: string;
  /** Where browsers reach this server; unless it is told, each request tells. */
  readonly publicUrl?: string | undefined;
  readonly oidc?: OidcSettings | undefined;
  readonly now?: Clock;
}

export type SignInMethod = 'password' | 'link' | 'oidc';

export type AuthServices = ReturnType<typeof createAuth>;

export function createAuth({ db, secretKey, publicUrl, oidc, now = Date.now }: Options) {
  const accessTokens = createAccessTokens(secretKey, now);
  const sessions = createSessions(db, now);
  const tickets = createWsTickets(db, now);
  const throttle = createLoginThrottle();
  const failures = createFailureLog(db, now);

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
    users: createUsers({ db, sessions, now, areRolesFromProvider: oidc?.roleClaim !== undefined }),
    oidc: oidc && createOidc({ db, secretKey, settings: oidc, sessions, failures, now }),
    /** Whether browsers reach this server over https only. */
    isHttps: publicUrl?.startsWith('https:') ?? false,

    logIn: (by: AuditedRequest, credentials: Credentials) => logIn({ db, throttle, failures }, by, credentials),
    changePassword: (by: AuditedRequest, principal: Principal, change: PasswordChange) =>
      changePassword({ db, sessions, throttle, now }, by, principal, change),

    createSignInLink: (user_id: string) => createSignInLink(db, user_id, now),
    async redeemSignInLink(by: AuditedRequest, token: string): Promise<User> {
      try {
        return await redeemSignInLink(db, token, now);
      } catch (error) {
        if (error instanceof Unauthorized) await failures.record(by, null, { method: 'link', reason: 'not valid' });
        throw error;
      }
    },

    /** A session for who has just proved to be this user. */
    startSession: (user: User, visit: Visit, { ip, id }: AuditedRequest, method: SignInMethod) =>
      db.transaction(async (tx) => {
        const started = await sessions.start(user, visit, tx);
        await updateUser(tx, user.id, { last_sign_in_at: momentAt(now()) });
        const by = { principal: { user_id: user.id, username: user.username }, ip, id };
        const act = { action: 'sign_in', target_type: 'user', target: user.username, detail: { method } } as const;
        await recordAudit(tx, by, act, now);
        return started;
      }),

    /** Whose access token this is; throws `Unauthorized` once its session has ended. */
    authenticate,

    /** What a socket presents is an access token or a one-use ticket; only the former has dots. */
    authenticateSocket: async (token: string): Promise<Principal> =>
      token.includes('.') ? authenticate(token) : inOpenSession(await tickets.redeem(token)),
  };
}
