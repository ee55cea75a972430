import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Provider } from 'oidc-provider';

export interface Account {
  readonly sub: string;
  readonly [claim: string]: unknown;
}

export const clientId = 'rondo';
export const clientSecret = 'a secret of the client';
export const scopes = 'openid profile email groups';

/** An identity provider on its own port. `visitor` is the person who signs in there. */
export async function startProvider(redirectUri: () => string) {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const issuer = `http://127.0.0.1:${port}`;
  const accounts = new Map<string, Account>();
  let visitor: Account | 'refuses' = 'refuses';
  let provider: Provider | undefined;

  // Made when it is first asked: by then the port of the server to return to is known.
  const made = () => {
    provider ??= new Provider(issuer, {
      clients: [{ client_id: clientId, client_secret: clientSecret, redirect_uris: [redirectUri()] }],
      claims: {
        openid: ['sub'],
        profile: ['preferred_username'],
        email: ['email', 'email_verified'],
        groups: ['groups'],
      },
      findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ ...accounts.get(sub), sub }) }),
      pkce: { required: () => true },
      cookies: { keys: ['a key of the provider'] },
      features: { devInteractions: { enabled: false } },
      interactions: { url: (_, { uid }) => `/interaction/${uid}` },
      // Signing in implies consent.
      loadExistingGrant: async (context) => {
        const { Grant } = context.oidc.provider;
        const accountId = context.oidc.session?.accountId ?? '';
        const grant = new Grant({ clientId, accountId });
        grant.addOIDCScope(scopes);
        await grant.save();
        return grant;
      },
      ttl: { Session: 60, Interaction: 60, Grant: 60, AccessToken: 60, IdToken: 60, AuthorizationCode: 60 },
    });
    return provider;
  };

  const decide = async (request: IncomingMessage, response: ServerResponse) => {
    if (visitor === 'refuses') {
      await made().interactionFinished(request, response, { error: 'access_denied' });
      return;
    }
    accounts.set(visitor.sub, visitor);
    await made().interactionFinished(request, response, { login: { accountId: visitor.sub, remember: false } });
  };

  let exchanges = 0;
  server.on('request', (request, response) => {
    if (request.url === '/token') exchanges += 1;
    if (request.url?.startsWith('/interaction/')) void decide(request, response);
    else void made().callback()(request, response);
  });

  return {
    issuer,
    /** The number of requests that brought a code. */
    countExchanges: () => exchanges,
    /** The person who signs in from now on. */
    receive: (next: Account | 'refuses') => {
      visitor = next;
    },
    resume: async () => {
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
    },
    stop: async () => {
      if (!server.listening) return;
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

export type TestProvider = Awaited<ReturnType<typeof startProvider>>;
