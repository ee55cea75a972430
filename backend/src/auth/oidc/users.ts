import { randomUUID } from 'node:crypto';
import type { Role } from '@rondo/protocol';
import type { Db } from '../../db/db.ts';
import { type Membership, replaceMemberships } from '../../db/queries/projects.ts';
import { findUserByIdentity, type Identity, insertUser, updateUser } from '../../db/queries/users.ts';
import type { AccessService } from '../access.ts';
import { type AuditedRequest, recordAudit } from '../audit.ts';
import { type Clock, momentAt } from '../clock.ts';
import type { User } from '../principal.ts';
import type { Sessions } from '../sessions.ts';
import { OidcProblem } from './problem.ts';

interface Deps {
  readonly db: Db;
  readonly sessions: Sessions;
  readonly now: Clock;
  readonly areRolesFromProvider: boolean;
  readonly access: AccessService;
  /** If true, a new user becomes a viewer of the default project, unless a claim lists projects. [O4] */
  readonly joinDefaultProject: boolean;
}

interface Arrival {
  readonly identity: Identity;
  readonly username: string | undefined;
  readonly role: Role | undefined;
  /** Undefined where memberships are given here. */
  readonly memberships: readonly Membership[] | undefined;
}

/**
 * Returns the user whom the provider vouches for, creating it at the first sign-in. Matches issuer and subject only: a
 * user name that already exists stays with its owner.
 */
export async function admit(deps: Deps, by: AuditedRequest, arrival: Arrival): Promise<User> {
  const user = await admitUser(deps, by, arrival);
  if (arrival.memberships) await changeMemberships(deps, by, user, arrival.memberships);
  return user;
}

async function admitUser(deps: Deps, by: AuditedRequest, arrival: Arrival): Promise<User> {
  const { identity, role, username } = arrival;
  const known = await findUserByIdentity(deps.db, identity);
  if (known?.disabled) throw new OidcProblem('disabled', known.username);
  if (role === undefined) {
    if (known) (await deps.sessions.endAllOf(deps.db, known.id))();
    throw new OidcProblem('not_allowed', known?.username ?? username);
  }
  const isMember = deps.joinDefaultProject && arrival.memberships === undefined;
  if (!known) return create(deps, by, { identity, username, role, isMember });
  if (deps.areRolesFromProvider && known.role !== role) await changeRole(deps, by, known, role);
  return { id: known.id, username: known.username, role: deps.areRolesFromProvider ? role : known.role };
}

async function create(
  { db, now }: Deps,
  by: AuditedRequest,
  {
    identity,
    username,
    role,
    isMember,
  }: { identity: Identity; username: string | undefined; role: Role; isMember: boolean },
): Promise<User> {
  if (username === undefined) throw new OidcProblem('no_username');
  return db.transaction(async (tx) => {
    const user = { id: randomUUID(), username, role, provider: 'oidc', ...identity } as const;
    const created = await insertUser(tx, { ...user, created_at: momentAt(now()) }, { isMember });
    if (!created) throw new OidcProblem('username_taken', username);
    const detail = { role, provider: 'oidc', ...identity };
    await recordAudit(tx, by, { action: 'user.create', target_type: 'user', target: username, detail }, now);
    return { id: user.id, username, role };
  });
}

/** Takes effect at once, also in other browsers and open sockets of theirs. */
async function changeMemberships(
  { db, access, now }: Deps,
  by: AuditedRequest,
  user: User,
  memberships: readonly Membership[],
): Promise<void> {
  const hasChanged = await db.transaction(async (tx) => {
    if (!(await replaceMemberships(tx, user.id, memberships, momentAt(now())))) return false;
    const projects = memberships.map(({ project_id, role }) => `${project_id}:${role}`);
    const detail = { projects, by: 'the identity provider' };
    await recordAudit(tx, by, { action: 'user.update', target_type: 'user', target: user.username, detail }, now);
    return true;
  });
  if (hasChanged) access.changed(user.id);
}

/** Tokens in the user's other browsers still carry the old role. */
async function changeRole({ db, sessions, now }: Deps, by: AuditedRequest, user: User, role: Role): Promise<void> {
  const publishEnded = await db.transaction(async (tx) => {
    await updateUser(tx, user.id, { role });
    const detail = { role, by: 'the identity provider' };
    await recordAudit(tx, by, { action: 'user.update', target_type: 'user', target: user.username, detail }, now);
    return sessions.endAllOf(tx, user.id);
  });
  publishEnded();
}
