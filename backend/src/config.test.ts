import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError, readConfig } from './config.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rondo-test-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const read = (environment: NodeJS.ProcessEnv = {}) => readConfig({ DATA_DIR: join(folder, 'data'), ...environment });

function mistakesIn(environment: NodeJS.ProcessEnv): string {
  try {
    read(environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error('no mistake was found');
}

describe('single sign-on', () => {
  const given = { OIDC_ISSUER: 'https://id.test', OIDC_CLIENT_ID: 'rondo', PUBLIC_URL: 'https://rondo.test/' };

  it('is off, unless a provider is named', () => {
    expect(read().oidc).toBeUndefined();
  });

  it('returns to the public address, and makes every user a viewer unless values are set', () => {
    expect(read(given)).toMatchObject({
      PUBLIC_URL: 'https://rondo.test',
      ALLOWED_ORIGINS: expect.arrayContaining(['https://rondo.test']),
      oidc: {
        issuer: 'https://id.test',
        name: 'Single sign-on',
        callbackUrl: 'https://rondo.test/api/auth/oidc/callback',
        adminValues: [],
        viewerValues: undefined,
      },
    });
    const values = { OIDC_ROLE_CLAIM: 'groups', OIDC_ADMIN_VALUES: 'fl-admins, root', OIDC_VIEWER_VALUES: 'fl' };
    expect(read({ ...given, ...values }).oidc).toMatchObject({
      roleClaim: 'groups',
      adminValues: ['fl-admins', 'root'],
      viewerValues: ['fl'],
    });
  });

  it.each([
    [{ ...given, PUBLIC_URL: '' }, 'PUBLIC_URL: must be set, because OIDC_ISSUER is'],
    [{ ...given, OIDC_CLIENT_ID: '' }, 'OIDC_CLIENT_ID: must be set'],
    [{ ...given, OIDC_ADMIN_VALUES: 'root' }, 'OIDC_ROLE_CLAIM: must be set'],
    [{ ...given, OIDC_ISSUER: 'http://id.test' }, 'OIDC_ISSUER: must be https'],
    [{ ...given, OIDC_SCOPES: 'profile' }, 'OIDC_SCOPES: must contain openid'],
    [{ PUBLIC_URL: 'https://rondo.test/?a=b' }, 'PUBLIC_URL: must have no query'],
    [{ PUBLIC_URL: 'https://rondo.test/a%20b' }, 'PUBLIC_URL: must have a plain path'],
    [{ TRUST_PROXY: 'everything' }, 'TRUST_PROXY: must be a comma-separated list'],
  ])('and its neighbours are refused when wrong: %j', (environment, mistake) => {
    expect(mistakesIn(environment)).toContain(mistake);
  });
});

describe('the settings', () => {
  it('have defaults for everything', () => {
    expect(read()).toMatchObject({
      HOST: '127.0.0.1',
      PORT: 8000,
      ADMIN_USERNAME: 'admin',
      CLIENT_OFFLINE_AFTER_S: 60,
    });
    expect(read().DATABASE_URL).toBeUndefined();
  });

  it('reports all mistakes together, each by its name', () => {
    const message = mistakesIn({
      PORT: '80000',
      DATABASE_URL: 'mysql://root@host/db',
      SECRET_KEY: 'too short',
      ADMIN_PASSWORD: 'pass',
      LOG_LEVEL: 'loud',
      ALLOWED_ORIGINS: 'https://ok.example,ftp://no.example',
      CLIENT_OFFLINE_AFTER_S: 'soon',
    });
    const names = ['PORT', 'DATABASE_URL', 'SECRET_KEY', 'ADMIN_PASSWORD', 'LOG_LEVEL', 'ALLOWED_ORIGINS'];
    for (const name of [...names, 'CLIENT_OFFLINE_AFTER_S']) expect(message).toContain(name);
  });

  it('[D4] take several servers of one database, and no standby alone', () => {
    const DATABASE_URL = 'postgres://rondo:secret@one:5432,two:5433/rondo?target_session_attrs=read-write';
    expect(read({ DATABASE_URL })).toMatchObject({ DATABASE_URL });
    expect(mistakesIn({ DATABASE_URL: 'postgres://one,two:x/rondo' })).toContain('DATABASE_URL');
    expect(mistakesIn({ DATABASE_URL: 'postgres://one,two/rondo?target_session_attrs=standby' })).toContain(
      'read-write',
    );
  });

  it('repeat no value that is wrong: it may be a secret', () => {
    const message = mistakesIn({
      DATABASE_URL: 'postgre://rondo:hunter2@host/db',
      SECRET_KEY: 'hunter2',
      ADMIN_PASSWORD: 'hunter2',
      PORT: 'hunter2',
      LOG_LEVEL: 'hunter2',
      ALLOWED_ORIGINS: 'hunter2',
    });
    expect(message).not.toContain('hunter2');
  });

  it('take an empty variable as one that is not set', () => {
    expect(read({ PORT: '', DATABASE_URL: '', ALLOWED_ORIGINS: '', SECRET_KEY: '' })).toMatchObject({ PORT: 8000 });
  });

  it.each(['x', '-1', '1.5', '65536', '0x', ' ', '\t', '0x50'])('refuse the port %j', (PORT) => {
    expect(mistakesIn({ PORT })).toMatch(/PORT: /);
  });

  it('read the address of a model store', () => {
    const { MODEL_STORE_URL, MODELS_KEEP, MODEL_MAX_BYTES } = read({
      MODEL_STORE_URL: 's3://bucket/prefix?region=eu-central-1',
      MODELS_KEEP: '5',
    });
    expect([MODEL_STORE_URL?.hostname, MODEL_STORE_URL?.pathname]).toEqual(['bucket', '/prefix']);
    expect([MODELS_KEEP, MODEL_MAX_BYTES]).toEqual([5, 16 * 1024 ** 3]);
    expect(read({ IMPORT_MAX_BYTES: '1000' }).IMPORT_MAX_BYTES).toBe(1_000);
    expect(read().MODEL_STORE_URL).toBeUndefined();
  });

  it.each([
    { MODEL_STORE_URL: 'https://bucket.s3.amazonaws.com' },
    { MODEL_STORE_URL: 's3:///prefix' },
    { MODEL_STORE_URL: 's3://hunter2:hunter2@bucket' },
    { MODELS_KEEP: '0' },
    { MODEL_MAX_BYTES: 'much' },
    { IMPORT_MAX_BYTES: '0' },
  ])('refuse %j', (environment) => {
    const [name = ''] = Object.keys(environment);
    expect(mistakesIn(environment)).toContain(name);
    expect(mistakesIn(environment)).not.toContain('hunter2');
  });

  it('read origins as a list', () => {
    const { ALLOWED_ORIGINS } = read({ ALLOWED_ORIGINS: ' https://a.example , http://b.example:8080,' });
    expect(ALLOWED_ORIGINS).toEqual(['https://a.example', 'http://b.example:8080']);
  });

  it.each(['localhost', '127.0.0.1', '::1', '0.0.0.0'])(
    '[M2] trusts no other origin, not even a development server at %s, unless it is set',
    (HOST) => {
      expect(read({ HOST }).ALLOWED_ORIGINS).toEqual([]);
    },
  );
});

describe('the secret key', () => {
  it('is created once and stored, readable by its owner only', async () => {
    const { SECRET_KEY, DATA_DIR } = read();
    expect(SECRET_KEY.length).toBeGreaterThanOrEqual(32);
    expect(read().SECRET_KEY).toBe(SECRET_KEY);
    const path = join(DATA_DIR, 'secret.key');
    expect((await readFile(path, 'utf8')).trim()).toBe(SECRET_KEY);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(DATA_DIR)).mode & 0o777).toBe(0o700);
  });

  it('is another in another folder', () => {
    expect(read({ DATA_DIR: join(folder, 'other') }).SECRET_KEY).not.toBe(read().SECRET_KEY);
  });

  it('is not kept when it is given', async () => {
    const SECRET_KEY = 'given by the environment, 32 characters';
    expect(read({ SECRET_KEY }).SECRET_KEY).toBe(SECRET_KEY);
    await expect(stat(join(folder, 'data', 'secret.key'))).rejects.toThrow('ENOENT');
  });
});
