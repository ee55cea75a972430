import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CryptoKey, exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aRequest } from '../../../testing/auth/people.ts';
import { openTestDatabase } from '../../../testing/database.ts';
import type { Database } from '../../db/database.ts';
import { findUserByName } from '../../db/queries/users.ts';
import { createAuth } from '../services.ts';

let database: Database;
let keys: { privateKey: CryptoKey; publicKey: CryptoKey };
let others: { privateKey: CryptoKey };
beforeAll(async () => {
  database = await openTestDatabase();
  [keys, others] = await Promise.all([generateKeyPair('ES256'), generateKeyPair('ES256')]);
});
afterAll(() => database.close());

interface Claims {
  readonly iss: string;
  readonly aud: string;
  readonly nonce: string;
  readonly exp: number;
  readonly sub: string;
  readonly preferred_username: string;
}

type Write = (claims: Claims) => Promise<string> | string;

const signed = (claims: object, key = keys.privateKey) =>
  new SignJWT({ ...claims }).setProtectedHeader({ alg: 'ES256', kid: 'one' }).setIssuedAt().sign(key);

const forgeries: [string, Write][] = [
  ['for another sign-in (nonce)', (claims) => signed({ ...claims, nonce: 'another' })],
  ['for another client (audience)', (claims) => signed({ ...claims, aud: 'another' })],
  ['of another issuer', (claims) => signed({ ...claims, iss: 'https://id.evil.test' })],
  ['that has expired', (claims) => signed({ ...claims, exp: 1_000_000_000 })],
  ['signed with another key', (claims) => signed(claims, others.privateKey)],
  ['that is not signed', (claims) => new UnsecuredJWT({ ...claims }).setIssuedAt().encode()],
  ['without a subject', ({ sub: _, ...claims }) => signed(claims)],
  ['that is none', () => 'a.b.c'],
];

describe('an id token', () => {
  it('that is right lets in, so the refusals below have the reason they name', async () => {
    const { finish, username } = await setUp(signed);
    await expect(finish()).resolves.toMatchObject({ user: { username, role: 'viewer' }, return_to: '/runs' });
  });

  it.each(forgeries)('%s keeps out, and makes no user', async (_, write) => {
    const { finish, username } = await setUp(write);
    await expect(finish()).rejects.toMatchObject({ code: 'sign_in_failed' });
    expect(await findUserByName(database.db, username)).toBeUndefined();
  });
});

it('metadata of a provider that names another issuer is not believed', async () => {
  const { start } = await setUp(signed, () => 'https://id.evil.test');
  await expect(start()).rejects.toMatchObject({ code: 'provider_unavailable' });
});

const servers: { close(): unknown }[] = [];
afterAll(() => {
  for (const server of servers) server.close();
});

/** A provider that returns what the test sets; the browser's visit is left out. */
async function setUp(write: Write, named = (issuer: string) => issuer) {
  const server = createServer();
  servers.push(server.listen(0, '127.0.0.1'));
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const username = `ada-${randomUUID()}`;
  let nonce = '';

  const answers: Record<string, () => unknown> = {
    '/.well-known/openid-configuration': () => ({
      issuer: named(issuer),
      authorization_endpoint: `${issuer}/auth`,
      token_endpoint: `${issuer}/token`,
      jwks_uri: `${issuer}/jwks`,
      id_token_signing_alg_values_supported: ['ES256'],
    }),
    '/jwks': async () => ({ keys: [{ ...(await exportJWK(keys.publicKey)), kid: 'one', alg: 'ES256', use: 'sig' }] }),
    '/token': async () => {
      const exp = Math.floor(Date.now() / 1_000) + 60;
      const claims = { iss: issuer, aud: 'rondo', nonce, exp, sub: username, preferred_username: username };
      return { access_token: 'x', token_type: 'bearer', id_token: await write(claims) };
    },
  };
  server.on('request', async (request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(await answers[request.url ?? '']?.()));
  });

  const { oidc } = createAuth({
    db: database.db,
    secretKey: 'a secret of at least thirty-two bytes',
    oidc: {
      issuer,
      clientId: 'rondo',
      clientSecret: undefined,
      scopes: 'openid',
      name: 'The clinic',
      callbackUrl: 'https://rondo.test/api/auth/oidc/callback',
      roleClaim: undefined,
      adminValues: [],
      viewerValues: undefined,
    },
  });
  if (!oidc) throw new Error('single sign-on is off');
  const start = () => oidc.start('/runs');
  return {
    username,
    start,
    finish: async () => {
      const { url, sealed } = await start();
      const asked = new URL(url).searchParams;
      nonce = asked.get('nonce') ?? '';
      return oidc.finish(aRequest, `?${new URLSearchParams({ code: 'x', state: asked.get('state') ?? '' })}`, sealed);
    },
  };
}
