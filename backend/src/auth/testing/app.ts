import cookie from '@fastify/cookie';
import Fastify from 'fastify';
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Db } from '../../db/database.ts';
import { errorHandler } from '../../plugins/error-handler.ts';
import { auditRouter } from '../../routers/audit.ts';
import { authRouter } from '../../routers/auth.ts';
import { keysRouter } from '../../routers/keys.ts';
import { oidcRouter } from '../../routers/oidc.ts';
import { sessionsRouter } from '../../routers/sessions.ts';
import { usersRouter } from '../../routers/users.ts';
import type { Clock } from '../clock.ts';
import type { OidcSettings } from '../oidc.ts';
import { authPlugin } from '../plugin.ts';
import { createAuth } from '../services.ts';

/** The routes of people and keys, and one route behind each guard. Pages of `http://rondo.test` are its own. */
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
