import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { IngestAnswer, Role } from '@rondo/protocol';
import type { InjectOptions, LightMyRequestResponse } from 'fastify';
import { type AppDeps, buildApp } from '../src/app.ts';
import { theServerItself } from '../src/auth/audit.ts';
import { createAuth } from '../src/auth/services.ts';
import { createLogger } from '../src/logger.ts';
import { aVisit, makeUser } from './auth/people.ts';
import { openTestDatabase } from './database.ts';

export const devOrigin = 'http://localhost:5173';

type Options = Partial<AppDeps> & { readonly maxModelBytes?: number };
type Headers = Readonly<Record<string, string>>;

/** The whole server over an empty database, and the people who talk to it. */
export async function openTestApp({ maxModelBytes = 64 * 1024 * 1024, ...options }: Options = {}) {
  const database = options.database ?? (await openTestDatabase());
  const dataDir = await mkdtemp(join(tmpdir(), 'rondo-test-data-'));
  const auth = options.auth ?? createAuth({ db: database.db, secretKey: 'a secret of at least thirty-two bytes' });
  const app = await buildApp({
    database,
    auth,
    logger: createLogger('silent'),
    allowedOrigins: [devOrigin],
    models: { dataDir, maxBytes: maxModelBytes },
    offlineAfterMs: 60_000,
    commandExpiresAfterMs: 300_000,
    alerts: { secretKey: 'a secret of at least thirty-two bytes' },
    frontendFolder: '/nowhere',
    version: '0.0.0-test',
    ...options,
  });

  const signIn = async (role: Role) => {
    const user = await makeUser(database.db, { role });
    const { session_id, cookie } = await auth.sessions.start(user, aVisit);
    const token = await auth.accessTokens.issue(user, session_id);
    return { user, token, cookie: cookie.value, headers: { authorization: `Bearer ${token}` } };
  };

  const ask = (method: InjectOptions['method'], url: string, headers: Headers = {}, payload?: object) =>
    app.inject({
      method,
      url,
      headers,
      ...(payload && { payload }),
    } as InjectOptions) as Promise<LightMyRequestResponse>;

  const makeReporter = async () => {
    const { key } = await auth.apiKeys.create(theServerItself, { name: 'a test' });
    const reporter_id = randomUUID();
    const headers = { authorization: `Bearer ${key}` };
    let batch = 0;
    return {
      key,
      headers,
      post: (events: readonly unknown[]) => {
        batch += 1;
        return ask('POST', '/api/ingest', headers, { reporter_id, batch, events });
      },
      async report(events: readonly unknown[]): Promise<IngestAnswer> {
        const answer = await this.post(events);
        if (answer.statusCode !== 200) throw new Error(`ingest answered ${answer.statusCode}: ${answer.body}`);
        return answer.json<IngestAnswer>();
      },
    };
  };

  return {
    app,
    auth,
    database,
    /** Where checkpoints and uploads lie. */
    dataDir,
    signIn,
    ask,
    makeReporter,
    close: async () => {
      await app.close();
      await database.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

export type TestApp = Awaited<ReturnType<typeof openTestApp>>;
