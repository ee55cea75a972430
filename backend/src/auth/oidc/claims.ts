import {
  type ProjectId,
  type ProjectRole,
  projectIdSchema,
  projectRoleSchema,
  type Role,
  usernameSchema,
} from '@rondo/protocol';
import type { Membership } from '../../db/queries/projects.ts';

type Claims = Readonly<Record<string, unknown>>;

export interface RoleRule {
  /** A claim by name, or by its path, as in `realm_access.roles`. Unset: roles are given here. */
  readonly roleClaim: string | undefined;
  readonly adminValues: readonly string[];
  /** If unset, every user whom the provider admits is a viewer. */
  readonly viewerValues: readonly string[] | undefined;
}

/**
 * The role that a claim gives, or undefined if the user may not sign in. Only a string, or a list entry, that equals
 * one of the values counts.
 */
export function roleOf(claims: Claims, { roleClaim, adminValues, viewerValues }: RoleRule): Role | undefined {
  const values = roleClaim === undefined ? [] : valuesAt(claims, roleClaim);
  const isOneOf = (allowed: readonly string[]) => values.some((value) => allowed.includes(value));
  if (isOneOf(adminValues)) return 'admin';
  return viewerValues === undefined || isOneOf(viewerValues) ? 'viewer' : undefined;
}

/**
 * The memberships that a claim gives: `project` or `project:viewer` makes a viewer, `project:admin` an admin. Anything
 * else in it gives none; of two for one project the higher counts. [O4]
 */
export function membershipsOf(claims: Claims, projectClaim: string): Membership[] {
  const roles = new Map<ProjectId, ProjectRole>();
  for (const value of valuesAt(claims, projectClaim)) {
    const [project, role = 'viewer', ...rest] = value.split(':');
    const id = projectIdSchema.safeParse(project);
    const known = projectRoleSchema.safeParse(role);
    if (!id.success || !known.success || rest.length > 0) continue;
    if (roles.get(id.data) !== 'admin') roles.set(id.data, known.data);
  }
  return [...roles].map(([project_id, role]) => ({ project_id, role }));
}

/** A display name. It never identifies a user: many providers let people choose it. */
export function usernameOf(claims: Claims): string | undefined {
  const { preferred_username, email, email_verified } = claims;
  const candidates = [preferred_username, email_verified === false ? undefined : email];
  return candidates.map((name) => usernameSchema.safeParse(name)).find(({ success }) => success)?.data;
}

function valuesAt(claims: Claims, path: string): string[] {
  const claim = own(claims, path) ?? path.split('.').reduce<unknown>(own, claims);
  const values = Array.isArray(claim) ? claim : [claim];
  return values.filter((value): value is string => typeof value === 'string');
}

/** A claim that is called `constructor` is not what every object has. */
const own = (from: unknown, name: string): unknown =>
  typeof from === 'object' && from !== null && Object.hasOwn(from, name)
    ? (from as Record<string, unknown>)[name]
    : undefined;
