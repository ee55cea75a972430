import { randomUUID } from 'node:crypto';
import { defaultProject, type NewUser, type UserEdit } from '@rondo/protocol';
import type { Db } from '../db/db.ts';
import type { Page } from '../db/queries/page.ts';
import { demoteMember } from '../db/queries/projects.ts';
import { deleteUser, findUser, insertUser, listUsers, lockEnabledAdmins, updateUser } from '../db/queries/users.ts';
import { Conflict, NotFound } from '../errors.ts';
import type { AccessService } from './access.ts';
import { type AuditedRequest, recordAudit } from './audit.ts';
import { type Clock, momentAt } from './clock.ts';
import { refuseGuessable } from './password-rules.ts';
import { hashPassword } from './passwords.ts';
import type { Sessions } from './sessions.ts';
import { deleteLinksOf } from './sign-in-links.ts';

interface UsersDeps {
  readonly db: Db;
  readonly sessions: Sessions;
  readonly now: Clock;
  /** Then a role that is set here would not outlive the next sign-in. */
  readonly areRolesFromProvider: boolean;
  readonly access: AccessService;
  /** If true, a new user is a viewer of the default project. [O4] */
  readonly joinDefaultProject: boolean;
}

type StoredUser = NonNullable<Awaited<ReturnType<typeof findUser>>>;

export function createUsers(deps: UsersDeps) {
  const { db, sessions, now, access, areRolesFromProvider } = deps;
  return {
    list: (page: Page) => listUsers(db, page),

    async create(by: AuditedRequest, { username, password, role }: NewUser) {
      refuseGuessable('password', password, username);
      const password_hash = await hashPassword(password, askerOf(by));
      return db.transaction(async (tx) => {
        const id = randomUUID();
        const created = await insertUser(
          tx,
          { id, username, password_hash, role, created_at: momentAt(now()) },
          { isMember: deps.joinDefaultProject },
        );
        if (!created) throw new Conflict(`there is a user ${username} already`);
        await recordAudit(
          tx,
          by,
          { action: 'user.create', target_type: 'user', target: username, detail: { role } },
          now,
        );
        return created;
      });
    },

    /** A change of role, password or disabled ends the user's sessions. */
    async edit(by: AuditedRequest, id: string, { password, ...changes }: UserEdit) {
      if (password !== undefined)
        refuseGuessable('password', password, ((await findUser(db, id)) ?? missing(id)).username);
      const password_hash = password === undefined ? undefined : await hashPassword(password, askerOf(by));
      const { updated, publishEnded } = await db.transaction(async (tx) => {
        const admins = await lockEnabledAdmins(tx);
        const before = (await findUser(tx, id)) ?? missing(id);
        refuseWhatIsTheProviders(before, { password, ...changes });
        const after = { ...before, ...changes };
        if (after.role !== 'admin' || after.disabled) refuseTheLastOf(admins, before);
        const updated = (await updateUser(tx, id, { ...changes, password_hash })) ?? missing(id);
        // A former admin of the server becomes a viewer of the default project.
        if (before.role === 'admin' && after.role !== 'admin') await demoteMember(tx, defaultProject, id);
        const isOut = after.role !== before.role || (after.disabled && !before.disabled) || password !== undefined;
        if (password !== undefined) await deleteLinksOf(tx, id);
        const detail = { ...changes, ...(password !== undefined && { password: 'changed' }) };
        const act = { action: 'user.update', target_type: 'user', target: before.username, detail } as const;
        await recordAudit(tx, by, act, now);
        return { updated, publishEnded: isOut ? await sessions.endAllOf(tx, id) : undefined };
      });
      publishEnded?.();
      access.changed(id);
      return updated;
    },

    /** Signs a user out everywhere, and changes nothing else. */
    async endSessions(by: AuditedRequest, id: string): Promise<void> {
      const publishEnded = await db.transaction(async (tx) => {
        const { username } = (await findUser(tx, id)) ?? missing(id);
        await recordAudit(tx, by, { action: 'session.end', target_type: 'user', target: username }, now);
        return sessions.endAllOf(tx, id);
      });
      publishEnded();
    },

    async remove(by: AuditedRequest, id: string): Promise<void> {
      const publishEnded = await db.transaction(async (tx) => {
        const admins = await lockEnabledAdmins(tx);
        const user = (await findUser(tx, id)) ?? missing(id);
        refuseTheLastOf(admins, user);
        const publishEnded = await sessions.endAllOf(tx, id);
        await deleteUser(tx, id);
        await recordAudit(tx, by, { action: 'user.delete', target_type: 'user', target: user.username }, now);
        return publishEnded;
      });
      publishEnded();
    },
  };

  function refuseWhatIsTheProviders({ username, provider, role }: StoredUser, change: UserEdit): void {
    if (provider === null) return;
    if (change.password !== undefined) {
      throw new Conflict(`${username} signs in at the identity provider and has no password here`);
    }
    if (areRolesFromProvider && change.role !== undefined && change.role !== role) {
      throw new Conflict(`the role of ${username} comes from the identity provider; change it there`);
    }
  }
}

const askerOf = ({ principal, ip }: AuditedRequest) => ({ account: principal?.user_id ?? '', address: ip ?? '' });

function refuseTheLastOf(admins: readonly string[], { id, username }: StoredUser): void {
  if (admins.length === 1 && admins[0] === id) {
    throw new Conflict(`${username} is the last admin who can sign in; make another one first`);
  }
}

function missing(id: string): never {
  throw new NotFound(`there is no user ${id}`);
}
