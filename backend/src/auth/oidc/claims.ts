import { type Role, usernameSchema } from '@rondo/protocol';

type Claims = Readonly<Record<string, unknown>>;

export interface RoleRule {
  /** A claim by name, or by its path, as in `realm_access.roles`. Unset: roles are given here. */
  readonly roleClaim: string | undefined;
  readonly adminValues: readonly string[];
  /** Unset: everybody whom the provider admits is a viewer. */
  readonly viewerValues: readonly string[] | undefined;
}

/**
 * What a claim makes of its bearer; nothing when they may not come in. Only a string, or an entry of a list, that is
 * exactly one of the values counts: whatever else the claim holds is no role.
 */
export function roleOf(claims: Claims, { roleClaim, adminValues, viewerValues }: RoleRule): Role | undefined {
  const values = roleClaim === undefined ? [] : valuesAt(claims, roleClaim);
  const isOneOf = (allowed: readonly string[]) => values.some((value) => allowed.includes(value));
  if (isOneOf(adminValues)) return 'admin';
  return viewerValues === undefined || isOneOf(viewerValues) ? 'viewer' : undefined;
}

/** A name to show. It is never what tells who somebody is: at many providers people choose it. */
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
