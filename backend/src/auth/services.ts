import type { PasswordChange } from '@rondo/protocol';
import type { Db } from '../db/db.ts';
import { deleteExpiredOneUse } from '../db/queries/one-use.ts';
import type { Visible } from '../db/queries/projects.ts';
import { updateUser } from '../db/queries/users.ts';
import { Unauthorized } from '../errors.ts';
import { accessOfKey, createAccess } from './access.ts';
import { createAccessTokens } from './access-tokens.ts';
import { createApiKeys, keyOfSession, sessionOfKey } from './api-keys.ts';
import { type AuditedRequest, recordAudit } from './audit.ts';
import { changePassword } from './change-password.ts';
import { type Clock, momentAt } from './clock.ts';
import { createFailureLog } from './failure-log.ts';
import { type Credentials, logIn } from './login.ts';
import { createLoginThrottle } from './login-throttle.ts';
import { createNotes } from './notes.ts';
import { createOidc, type OidcSettings } from './oidc/client.ts';
import type { Principal, User } from './principal.ts';
import { createProjects } from './projects.ts';
import { createSessions, type Visit } from './sessions.ts';
import { createSignInLink, redeemSignInLink } from './sign-in-links.ts';
import { createUsers } from './users.ts';
import { createWsTickets } from './ws-tickets.ts';

interface Options {
  readonly db: Db;
  readonly secretKey: string;
  /** Public address; derived per request if unset. */
  readonly publicUrl?: string | undefined;
  readonly oidc?: OidcSettings | undefined;
  /** If true, a new user is a viewer of the default project. [O4] */
  readonly joinDefaultProject?: boolean;
  readonly now?: Clock;
}

export type SignInMethod = 'password' | 'link' | 'oidc';

/** The socket's user. */
export interface SocketViewer {
  readonly signInId: string;
  /** Null for an API key. */
  readonly userId: string | null;
  readonly visible: Visible;
}

export type AuthServices = ReturnType<typeof createAuth>;

export function createAuth({ db, secretKey, publicUrl, oidc, joinDefaultProject = true, now = Date.now }: Options) {
  const accessTokens = createAccessTokens(secretKey, now);
  const sessions = createSessions(db, now);
  const tickets = createWsTickets(db, now);
  const throttle = createLoginThrottle();
  const failures = createFailureLog(db, now);
  const notes = createNotes(db, now);
  const access = createAccess(db, now);
  const apiKeys = createApiKeys(db, now, sessions);

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
    apiKeys,
    access,
    notes,
    projects: createProjects({ db, access, now, areMembersFromProvider: oidc?.projectClaim !== undefined }),
    users: createUsers({
      db,
      sessions,
      access,
      now,
      joinDefaultProject,
      areRolesFromProvider: oidc?.roleClaim !== undefined,
    }),
    oidc: oidc && createOidc({ db, secretKey, settings: oidc, sessions, access, joinDefaultProject, failures, now }),
    /** True if browsers reach this server over https only. */
    isHttps: publicUrl?.startsWith('https:') ?? false,
    /** The path at which browsers reach this server, such as `/rondo`; empty at the root. */
    basePath: publicUrl === undefined ? '' : new URL(publicUrl).pathname.replace(/\/$/, ''),

    logIn: (by: AuditedRequest, credentials: Credentials) => logIn({ db, throttle, failures }, by, credentials),
    changePassword: (by: AuditedRequest, principal: Principal, change: PasswordChange) =>
      changePassword({ db, sessions, throttle, notes, now }, by, principal, change),

    createSignInLink: (user_id: string) => createSignInLink(db, user_id, now),
    async redeemSignInLink(by: AuditedRequest, token: string): Promise<User> {
      try {
        return await redeemSignInLink(db, token, now);
      } catch (error) {
        if (error instanceof Unauthorized) await failures.record(by, null, { method: 'link', reason: 'not valid' });
        throw error;
      }
    },

    /** Deletes one-use secrets that have expired. */
    forgetExpired: () => deleteExpiredOneUse(db, momentAt(now())),

    /** Starts a session for a user who has just authenticated. */
    startSession: (user: User, visit: Visit, { ip, id }: AuditedRequest, method: SignInMethod) =>
      db.transaction(async (tx) => {
        const started = await sessions.start(user, visit, tx);
        await updateUser(tx, user.id, { last_sign_in_at: momentAt(now()) });
        const by = { principal: { user_id: user.id, username: user.username }, ip, id };
        const act = { action: 'sign_in', target_type: 'user', target: user.username, detail: { method } } as const;
        await recordAudit(tx, by, act, now);
        return started;
      }),

    /** Returns the token's user. Throws `Unauthorized` once the session has ended. */
    authenticate,

    /**
     * Returns the user who opens a socket and what they may see. A browser presents an access token or a one-use ticket
     * (only the token contains dots); a program presents an API key with the scope `read`.
     */
    async authenticateSocket(token: string): Promise<SocketViewer> {
      if (token.startsWith('rk_')) {
        const key = await apiKeys.authenticate(token, 'read');
        return { signInId: sessionOfKey(key.key_id), userId: null, visible: accessOfKey(key).visible };
      }
      const principal = await (token.includes('.') ? authenticate(token) : inOpenSession(await tickets.redeem(token)));
      const { visible } = await access.of(principal);
      return { signInId: principal.session_id, userId: principal.user_id, visible };
    },

    /** True while a socket's session or API key is still valid. */
    isActive: (signInId: string): Promise<boolean> => {
      const key = keyOfSession(signInId);
      return key === undefined ? sessions.isActive(signInId) : apiKeys.isActive(key);
    },
  };
}
