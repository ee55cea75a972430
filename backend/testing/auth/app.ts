import cookie from '@fastify/cookie';
import Fastify from 'fastify';
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Clock } from '../../src/auth/clock.ts';
import type { OidcSettings } from '../../src/auth/oidc/client.ts';
import { authPlugin } from '../../src/auth/plugin.ts';
import { createAuth } from '../../src/auth/services.ts';
import type { Db } from '../../src/db/db.ts';
import { errorHandler } from '../../src/plugins/error-handler.ts';
import { auditRouter } from '../../src/routers/audit.ts';
import { authRouter } from '../../src/routers/auth.ts';
import { keysRouter } from '../../src/routers/keys.ts';
import { oidcRouter } from '../../src/routers/oidc.ts';
import { sessionsRouter } from '../../src/routers/sessions.ts';
import { usersRouter } from '../../src/routers/users.ts';

/** The routes of users and keys, and one route for each guard. `http://rondo.test` is the origin of its pages. */
export async function buildAuthApp(db: Db, now: Clock, options: { publicUrl?: string; oidc?: OidcSettings } = {}) {
  const auth = createAuth({ db, secretKey: 'a secret of at least thirty-two bytes', now, ...options });
  const isAllowedOrigin = (origin: string) => origin === 'http://rondo.test';
  const app = Fastify({ trustProxy: true }).withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  await app.register(cookie);
  await app.register(errorHandler);
  await app.register(authPlugin, { auth });
  await app.register(authRouter({ auth, isAllowedOrigin }));
  await app.register(sessionsRouter({ auth }));
  await app.register(oidcRouter({ auth }));
  await app.register(usersRouter({ auth }));
  await app.register(auditRouter({ db }));
  await app.register(keysRouter({ auth }));
  app.post('/for-reporters', { onRequest: app.requireScope('ingest') }, async ({ reporterKey }) => reporterKey);
  app.post('/for-checkpoints', { onRequest: app.requireScope('models') }, async ({ reporterKey }) => reporterKey);
  app.get('/for-admins', { onRequest: app.requireAdmin }, async () => 'welcome');
  return { app, auth };
}
