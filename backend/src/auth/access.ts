import type { ProjectId, ProjectRole } from '@rondo/protocol';
import type { FastifyRequest } from 'fastify';
import type { Db } from '../db/db.ts';
import { type Membership, membershipsOf, type Visible } from '../db/queries/projects.ts';
import { Forbidden } from '../errors.ts';
import { type Clock, SECOND } from './clock.ts';
import type { Principal, ReporterKey } from './principal.ts';
import { createTtlCache } from './ttl-cache.ts';

/** The projects that a request may see, and its role in each; or all projects. [O5] */
export interface Access {
  readonly visible: Visible;
  readonly roles: ReadonlyMap<ProjectId, ProjectRole>;
}

const everything: Access = { visible: null, roles: new Map() };

export const accessOfKey = ({ project_id }: Pick<ReporterKey, 'project_id'>): Access =>
  accessOfMember([{ project_id, role: 'viewer' }]);

const accessOfMember = (memberships: readonly Membership[]): Access => ({
  visible: memberships.map(({ project_id }) => project_id),
  roles: new Map(memberships.map(({ project_id, role }) => [project_id, role])),
});

export const roleIn = ({ visible, roles }: Access, project: ProjectId): ProjectRole | undefined =>
  visible === null ? 'admin' : roles.get(project);

/** Which projects people see. A change on another server counts here within a second. */
export function createAccess(db: Db, now: Clock = Date.now) {
  const listeners = new Set<(user_id: string) => void>();
  const members = createTtlCache({
    ttlMs: SECOND,
    max: 10_000,
    now,
    load: async (user_id) => accessOfMember(await membershipsOf(db, user_id)),
  });

  return {
    of: async ({ user_id, role }: Pick<Principal, 'user_id' | 'role'>): Promise<Access> =>
      role === 'admin' ? everything : members.get(user_id),

    /** To be called after the commit that changed the memberships of a user. */
    changed(user_id: string): void {
      members.delete(user_id);
      for (const listener of listeners) listener(user_id);
    },

    /** Another server changed them. */
    noteChanged: (user_id: string): void => members.delete(user_id),

    /** Calls `listener` for every user whose memberships this process changes. Returns a function that unsubscribes. */
    onChanged(listener: (user_id: string) => void): () => void {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

export type AccessService = ReturnType<typeof createAccess>;

/** Only after a guard, which sets it. */
export function accessOf({ access }: FastifyRequest): Access {
  if (!access) throw new Error('a route that asks what may be seen has no guard');
  return access;
}

export const visibleTo = (request: FastifyRequest): Visible => accessOf(request).visible;

/** The projects of which the request's user is an admin; null is all of them. */
export function managedBy(request: FastifyRequest): Visible {
  const { visible, roles } = accessOf(request);
  return visible === null ? null : visible.filter((id) => roles.get(id) === 'admin');
}

/** For an act on something that the request may see. Throws `Forbidden` unless it is by an admin of the project. */
export function mustManage(request: FastifyRequest, project: ProjectId): void {
  if (roleIn(accessOf(request), project) !== 'admin') throw new Forbidden('only an admin of its project may do this');
}
