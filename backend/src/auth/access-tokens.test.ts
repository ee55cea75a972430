import { randomUUID } from 'node:crypto';
import { type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { fakeClock } from '../../testing/auth/people.ts';
import { Unauthorized } from '../errors.ts';
import { createAccessTokens } from './access-tokens.ts';
import { MINUTE, SECOND } from './clock.ts';

const secretKey = 'a secret of at least thirty-two bytes';
const user = { id: randomUUID(), username: 'ada', role: 'admin' } as const;
const sid = randomUUID();

describe('access tokens', () => {
  it('carry their user and session', async () => {
    const { issue, verify } = createAccessTokens(secretKey);
    const principal = await verify(await issue(user, sid));
    expect(principal).toEqual({ user_id: user.id, username: 'ada', role: 'admin', session_id: sid });
  });

  it('are refused once 15 minutes have passed', async () => {
    const clock = fakeClock();
    const { issue, verify } = createAccessTokens(secretKey, clock.now);
    const token = await issue(user, sid);
    clock.advance(15 * MINUTE - SECOND);
    await expect(verify(token)).resolves.toMatchObject({ username: 'ada' });
    clock.advance(SECOND);
    await expect(verify(token)).rejects.toBeInstanceOf(Unauthorized);
  });

  it('signed with another key are refused', async () => {
    const { issue } = createAccessTokens(`another ${secretKey}`);
    await expectRefusal(await issue(user, sid));
  });

  it('of alg none are refused', async () => {
    await expectRefusal(new UnsecuredJWT(makeClaims()).encode());
  });

  it.each([
    ['another algorithm', { alg: 'HS512' }, {}],
    ['another type', { typ: 'JWT' }, {}],
    ['no type', { typ: undefined }, {}],
    ['another audience', {}, { aud: 'another' }],
    ['another issuer', {}, { iss: 'another' }],
    ['no expiry', {}, { exp: undefined }],
    ['no session', {}, { sid: undefined }],
    ['an unknown role', {}, { role: 'owner' }],
  ])('signed with the right key but of %s are refused', async (_, header, claims) => {
    await expectRefusal(await forge(header, claims));
  });

  it('are accepted when forged with everything right, so the refusals above have the reason they name', async () => {
    await expect(createAccessTokens(secretKey).verify(await forge({}, {}))).resolves.toMatchObject({ username: 'ada' });
  });

  it('do not appear in the refusal', async () => {
    const token = await forge({ typ: 'JWT' }, {});
    const refusal: unknown = await createAccessTokens(secretKey)
      .verify(token)
      .catch((error: unknown) => error);
    expect(String(refusal)).not.toContain(token.split('.')[1]);
  });
});

const expectRefusal = (token: string) =>
  expect(createAccessTokens(secretKey).verify(token)).rejects.toBeInstanceOf(Unauthorized);

const makeClaims = (): JWTPayload => ({
  sub: user.id,
  username: user.username,
  role: user.role,
  sid,
  iss: 'rondo',
  aud: 'rondo-dashboard',
  exp: Math.floor(Date.now() / SECOND) + 60,
});

const forge = (header: { alg?: string; typ?: string | undefined }, claims: JWTPayload) =>
  new SignJWT({ ...makeClaims(), ...claims })
    .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt', ...header })
    .sign(new TextEncoder().encode(secretKey));
