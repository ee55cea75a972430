import { roleSchema } from '@rondo/protocol';
import { errors, jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';
import { Unauthorized } from '../errors.ts';
import { type Clock, MINUTE, SECOND } from './clock.ts';
import type { Principal, User } from './principal.ts';

export const accessTokenSeconds = (15 * MINUTE) / SECOND;

// RFC 8725: nothing that a token says of itself decides how it is checked.
const algorithm = 'HS256';
const issuer = 'rondo';
const audience = 'rondo-dashboard';
const type = 'at+jwt';

const claimsSchema = z.object({ sub: z.uuid(), username: z.string(), role: roleSchema, sid: z.uuid() });

export function createAccessTokens(secretKey: string, now: Clock = Date.now) {
  const key = new TextEncoder().encode(secretKey);
  return {
    issue({ id, username, role }: User, session_id: string): Promise<string> {
      const issuedAt = Math.floor(now() / SECOND);
      return new SignJWT({ username, role, sid: session_id })
        .setProtectedHeader({ alg: algorithm, typ: type })
        .setSubject(id)
        .setIssuer(issuer)
        .setAudience(audience)
        .setIssuedAt(issuedAt)
        .setExpirationTime(issuedAt + accessTokenSeconds)
        .sign(key);
    },

    /** Throws `Unauthorized` for any token that this server did not issue or that has expired. */
    async verify(token: string): Promise<Principal> {
      const claims = claimsSchema.safeParse(await readClaims(token));
      if (!claims.success) throw refused();
      const { sub, sid, username, role } = claims.data;
      return { user_id: sub, username, role, session_id: sid };
    },
  };

  async function readClaims(token: string): Promise<unknown> {
    try {
      const currentDate = new Date(now());
      const required = { algorithms: [algorithm], issuer, audience, typ: type, requiredClaims: ['exp'] };
      return (await jwtVerify(token, key, { ...required, currentDate })).payload;
    } catch (error) {
      if (error instanceof errors.JOSEError) throw refused();
      throw error;
    }
  }
}

const refused = () => new Unauthorized('the access token is expired or not valid; sign in again');
