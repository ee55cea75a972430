import { errors, jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';
import { type Clock, MINUTE, SECOND } from '../clock.ts';

/** Time allowed for the sign-in at the provider. */
export const oidcStateSeconds = (10 * MINUTE) / SECOND;

const algorithm = 'HS256';
const audience = 'rondo-oidc';
const type = 'oidc-state+jwt';

const stateSchema = z.object({
  state: z.string(),
  nonce: z.string(),
  code_verifier: z.string(),
  return_to: z.string(),
});
export type OidcState = z.infer<typeof stateSchema>;

/** What the provider must send back to the browser that started. The browser keeps it, signed and short-lived. */
export function createOidcStates(secretKey: string, now: Clock) {
  const key = new TextEncoder().encode(secretKey);
  return {
    seal: (state: OidcState): Promise<string> =>
      new SignJWT(state)
        .setProtectedHeader({ alg: algorithm, typ: type })
        .setAudience(audience)
        .setExpirationTime(Math.floor(now() / SECOND) + oidcStateSeconds)
        .sign(key),

    async open(sealed: string): Promise<OidcState | undefined> {
      try {
        const required = { algorithms: [algorithm], audience, typ: type, requiredClaims: ['exp'] };
        const { payload } = await jwtVerify(sealed, key, { ...required, currentDate: new Date(now()) });
        return stateSchema.safeParse(payload).data;
      } catch (error) {
        if (error instanceof errors.JOSEError) return undefined;
        throw error;
      }
    },
  };
}
