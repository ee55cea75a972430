import * as client from 'openid-client';
import type { Db } from '../../db/db.ts';
import type { AccessService } from '../access.ts';
import type { AuditedRequest } from '../audit.ts';
import { type Clock, SECOND } from '../clock.ts';
import type { FailureLog } from '../failure-log.ts';
import type { User } from '../principal.ts';
import type { Sessions } from '../sessions.ts';
import { membershipsOf, type RoleRule, roleOf, usernameOf } from './claims.ts';
import { OidcProblem } from './problem.ts';
import { createOidcStates, type OidcState } from './state.ts';
import { admit } from './users.ts';

export interface OidcSettings extends RoleRule {
  /** The claim that lists the user's projects. If unset, an admin manages memberships in Rondo. [O4] */
  readonly projectClaim?: string | undefined;
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string | undefined;
  readonly scopes: string;
  /** The label of the sign-in button. */
  readonly name: string;
  /** Where the browser comes back to; the provider must know it. */
  readonly callbackUrl: string;
}

interface OidcDeps {
  readonly db: Db;
  readonly secretKey: string;
  readonly settings: OidcSettings;
  readonly sessions: Sessions;
  readonly access: AccessService;
  readonly joinDefaultProject: boolean;
  readonly failures: FailureLog;
  readonly now: Clock;
}

// The user is waiting before a blank page.
const timeoutMs = 10 * SECOND;

/** Sign-in at an OpenID Connect provider: authorization code with PKCE, state and nonce (RFC 9700, section 2.1). */
export function createOidc({ db, secretKey, settings, sessions, access, joinDefaultProject, failures, now }: OidcDeps) {
  const states = createOidcStates(secretKey, now);
  const areRolesFromProvider = settings.roleClaim !== undefined;
  let discovered: Promise<client.Configuration> | undefined;

  /** Asked for at the first sign-in, so that this server starts without the provider; a failure is asked for again. */
  const provider = () => {
    discovered ??= discover(settings).catch((error: unknown) => {
      discovered = undefined;
      throw new OidcProblem('provider_unavailable', undefined, { cause: error });
    });
    return discovered;
  };

  return {
    name: settings.name,

    /** The URL to send the browser to, and the state that it must bring back. */
    async start(return_to: string): Promise<{ url: string; sealed: string }> {
      const configuration = await provider();
      const code_verifier = client.randomPKCECodeVerifier();
      const state: OidcState = { state: client.randomState(), nonce: client.randomNonce(), code_verifier, return_to };
      const url = client.buildAuthorizationUrl(configuration, {
        redirect_uri: settings.callbackUrl,
        scope: settings.scopes,
        state: state.state,
        nonce: state.nonce,
        code_challenge: await client.calculatePKCECodeChallenge(code_verifier),
        code_challenge_method: 'S256',
      });
      return { url: url.href, sealed: await states.seal(state) };
    },

    /** Returns the user who came back with the provider's query. Throws `OidcProblem` if they may not sign in. */
    async finish(
      by: AuditedRequest,
      query: string,
      sealed: string | undefined,
    ): Promise<{ user: User; return_to: string }> {
      try {
        const state = sealed === undefined ? undefined : await states.open(sealed);
        if (!state) throw new OidcProblem('expired');
        const claims = await claimsOf(await provider(), new URL(`${settings.callbackUrl}${query}`), state);
        const user = await admit({ db, sessions, access, joinDefaultProject, now, areRolesFromProvider }, by, {
          identity: { issuer: claims.iss, subject: claims.sub },
          username: usernameOf(claims),
          role: roleOf(claims, settings),
          memberships: settings.projectClaim === undefined ? undefined : membershipsOf(claims, settings.projectClaim),
        });
        return { user, return_to: state.return_to };
      } catch (error) {
        if (error instanceof OidcProblem) {
          await failures.record(by, error.username ?? null, { method: 'oidc', reason: error.code });
        }
        throw error;
      }
    },
  };
}

function discover({ issuer, clientId, clientSecret }: OidcSettings): Promise<client.Configuration> {
  const authentication = clientSecret === undefined ? client.None() : client.ClientSecretBasic(clientSecret);
  const isPlain = new URL(issuer).protocol === 'http:';
  return client.discovery(new URL(issuer), clientId, undefined, authentication, {
    timeout: timeoutMs / SECOND,
    execute: [client.enableNonRepudiationChecks, ...(isPlain ? [client.allowInsecureRequests] : [])],
  });
}

/** The id token's claims, plus those that only the userinfo endpoint returns. */
async function claimsOf(configuration: client.Configuration, url: URL, { state, nonce, code_verifier }: OidcState) {
  try {
    const tokens = await client.authorizationCodeGrant(configuration, url, {
      expectedState: state,
      expectedNonce: nonce,
      pkceCodeVerifier: code_verifier,
      idTokenExpected: true,
    });
    const claims = tokens.claims();
    if (!claims) throw new Error('the provider sent no id token');
    if (configuration.serverMetadata().userinfo_endpoint === undefined) return claims;
    return { ...(await client.fetchUserInfo(configuration, tokens.access_token, claims.sub)), ...claims };
  } catch (error) {
    const isDenied = error instanceof client.AuthorizationResponseError && error.error === 'access_denied';
    throw new OidcProblem(isDenied ? 'access_denied' : 'sign_in_failed', undefined, { cause: error });
  }
}
