import { describe, expect, it } from 'vitest';
import { roleOf, usernameOf } from './claims.ts';

const rule = { roleClaim: 'roles', adminValues: ['root'], viewerValues: ['fl'] };

describe('the role of a claim', () => {
  it('is the highest of its values', () => {
    expect(roleOf({ roles: ['fl', 'root'] }, rule)).toBe('admin');
    expect(roleOf({ roles: ['fl'] }, rule)).toBe('viewer');
    expect(roleOf({ roles: 'root' }, rule)).toBe('admin');
  });

  it('is found by its path, and by a name with dots', () => {
    const nested = { ...rule, roleClaim: 'realm_access.roles' };
    expect(roleOf({ realm_access: { roles: ['root'] } }, nested)).toBe('admin');
    expect(roleOf({ 'https://rondo.test/roles': ['root'] }, { ...rule, roleClaim: 'https://rondo.test/roles' })).toBe(
      'admin',
    );
  });

  it.each(['constructor.name', '__proto__', 'roles.length'])('is never what every object has: %s', (roleClaim) => {
    expect(roleOf({ roles: ['x'] }, { ...rule, roleClaim, adminValues: ['Object', '1', ''] })).toBeUndefined();
  });

  it('gives every user the viewer role when no values are named, and the admin role only by a claim', () => {
    expect(roleOf({}, { roleClaim: undefined, adminValues: ['root'], viewerValues: undefined })).toBe('viewer');
    expect(roleOf({ roles: ['x'] }, { ...rule, viewerValues: undefined })).toBe('viewer');
  });
});

describe('the name of a user of the provider', () => {
  it.each([
    [{ preferred_username: 'ada', email: 'a@b.test' }, 'ada'],
    [{ email: 'a@b.test' }, 'a@b.test'],
    [{ email: 'a@b.test', email_verified: false }, undefined],
    [{ preferred_username: 'ada lovelace', email: 'a@b.test' }, 'a@b.test'],
    [{ preferred_username: ['ada'] }, undefined],
    [{ preferred_username: 'x'.repeat(65) }, undefined],
    [{}, undefined],
  ])('of %j is %s', (claims, name) => {
    expect(usernameOf(claims)).toBe(name);
  });
});
