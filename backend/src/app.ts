import fastifyCompress from '@fastify/compress';
import fastifyCookie from '@fastify/cookie';
import fastifyCors from '@fastify/cors';
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import { createDownloadLinks } from './auth/download-links.ts';
import { authPlugin } from './auth/plugin.ts';
import { BadRequest } from './errors.ts';
import { basePathPlugin, withoutBase } from './plugins/base-path.ts';
import { bodyDeadline } from './plugins/body-deadline.ts';
import { errorHandler, sendProblem, toProblem } from './plugins/error-handler.ts';
import { frontend } from './plugins/frontend.ts';
import { knownParameters } from './plugins/known-parameters.ts';
import { openapi } from './plugins/openapi.ts';
import { nameRequest, requestId, requestIdHeader } from './plugins/request-id.ts';
import { securityHeaders } from './plugins/security-headers.ts';
import { alertsRouter } from './routers/alerts.ts';
import { aliasesRouter } from './routers/aliases.ts';
import { attentionRouter } from './routers/attention.ts';
import { auditRouter } from './routers/audit.ts';
import { authRouter } from './routers/auth.ts';
import { clientsRouter } from './routers/clients.ts';
import { commandsRouter } from './routers/commands.ts';
import { healthRouter } from './routers/health.ts';
import { ingestRouter } from './routers/ingest.ts';
import { insightRouter } from './routers/insight.ts';
import { keysRouter } from './routers/keys.ts';
import { liveRouter } from './routers/live.ts';
import { logsRouter } from './routers/logs.ts';
import { metricsRouter } from './routers/metrics.ts';
import { modelContentRouter } from './routers/model-content.ts';
import { modelsRouter } from './routers/models.ts';
import { oidcRouter } from './routers/oidc.ts';
import { projectsRouter } from './routers/projects.ts';
import { prometheusRouter } from './routers/prometheus.ts';
import { roundsRouter } from './routers/rounds.ts';
import { runsRouter } from './routers/runs.ts';
import { sessionsRouter } from './routers/sessions.ts';
import { transferRouter } from './routers/transfer.ts';
import { uploadsRouter } from './routers/uploads.ts';
import { usersRouter } from './routers/users.ts';
import { createServices, type ServiceDeps } from './services.ts';
import { liveRoute } from './websocket/route.ts';

export interface AppDeps extends ServiceDeps {
  readonly allowedOrigins: readonly string[];
  /** Proxies whose X-Forwarded-* headers are trusted. None by default. */
  readonly trustProxy?: string | undefined;
  /** Bytes of the file of a whole run; as many as a checkpoint, unless set. */
  readonly maxImportBytes?: number | undefined;
  /** Bearer token that lets other machines read /metrics. None by default. */
  readonly metricsToken?: string | undefined;
  /** Open sockets of one user or API key, and of one address. [security M5] */
  readonly socketsPerUser?: number;
  readonly socketsPerAddress?: number;
  readonly frontendFolder: string;
}

/** The whole server but the port: what it is made of, in the order in which a request meets it. */
export async function buildApp(deps: AppDeps): Promise<FastifyInstance> {
  const { database, auth, logger, allowedOrigins, version } = deps;
  const { db } = database;
  const app = Fastify({
    loggerInstance: logger,
    forceCloseConnections: true,
    trustProxy: deps.trustProxy ?? false,
    requestIdHeader: false,
    rewriteUrl: ({ url = '/' }) => withoutBase(url, auth.basePath),
    genReqId: nameRequest,
    onProtoPoisoning: 'remove',
    onConstructorPoisoning: 'remove',
    // `bodyDeadline` ends requests whose body stalls; one limit for all would cut off every large checkpoint.
    requestTimeout: 0,
    // An id of 128 characters, each written as up to nine; the router counts them as written.
    routerOptions: { maxParamLength: 128 * 9 },
    // The longest query that is valid: 2,000 characters, each written as twelve.
    http: { maxHeaderSize: 32 * 1024 },
    frameworkErrors: (error, _request, reply) => sendProblem(reply, toProblem(error)),
  }).withTypeProvider<ZodTypeProvider>();
  // Only JSON is accepted: a page can send other types without a preflight request.
  app.removeContentTypeParser('text/plain');
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);

  const services = await createServices(deps);
  const { bus, metrics, writer, disk, usage, attention, alerts, checkpoints, hub, source, commands, removal } =
    services;
  const { tracing } = deps;
  app.addHook('onClose', services.close);

  // A plain http page of this host is another origin than an https server: an attacker on the network can forge it.
  const isAllowedOrigin = (origin: string, { host, protocol }: Pick<FastifyRequest, 'host' | 'protocol'>) => {
    if (allowedOrigins.includes(origin)) return true;
    if (!URL.canParse(origin)) return false;
    const page = new URL(origin);
    const isHttps = auth.isHttps || protocol === 'https';
    return page.host === host && (page.protocol === 'https:' || !isHttps);
  };

  await app.register(requestId);
  app.addHook('onRequest', async ({ raw }) => {
    // Two parties on the way could each believe another one.
    const hosts = raw.rawHeaders.filter((name, n) => n % 2 === 0 && name.toLowerCase() === 'host');
    if (hosts.length > 1) throw new BadRequest('the request has more than one Host header');
  });
  await app.register(basePathPlugin, { basePath: auth.basePath });
  if (tracing) await app.register(tracing.plugin);
  await app.register(metrics.plugin);
  await app.register(errorHandler);
  // An ingest request of 8 MiB over a slow line; a checkpoint over one that still moves.
  await app.register(bodyDeadline, { totalMs: 120_000, idleMs: 60_000 });
  await app.register(securityHeaders);
  await app.register(fastifyCors, {
    origin: [...allowedOrigins],
    credentials: true,
    methods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
    exposedHeaders: [requestIdHeader],
  });
  // Quality 4: brotli's default of 11 takes seconds while a viewer waits.
  await app.register(fastifyCompress, {
    threshold: 1_024,
    brotliOptions: { params: { 1: 4 } },
    // The body limit counts what comes out, so a bomb stops at the limit.
    requestEncodings: ['gzip'],
  });
  await app.register(fastifyCookie);
  await app.register(authPlugin, { auth });
  await app.register(liveRoute, {
    hub,
    auth,
    isAllowedOrigin,
    socketsPerUser: deps.socketsPerUser ?? 100,
    socketsPerAddress: deps.socketsPerAddress ?? 2_000,
  });
  await app.register(openapi, { version });
  await app.register(knownParameters);

  await app.register(authRouter({ auth, isAllowedOrigin }));
  await app.register(sessionsRouter({ auth }));
  await app.register(oidcRouter({ auth }));
  await app.register(usersRouter({ auth }));
  await app.register(projectsRouter({ auth }));
  await app.register(keysRouter({ auth }));
  await app.register(auditRouter({ db }));
  await app.register(ingestRouter({ writer, usage, checkRoom: disk.check, countEvents: metrics.countEvents }));
  await app.register(runsRouter({ auth, db, writer, bus, removal }));
  await app.register(liveRouter({ source }));
  await app.register(roundsRouter(commands));
  await app.register(logsRouter({ db }));
  await app.register(commandsRouter({ db }));
  await app.register(attentionRouter({ db, attention }));
  await app.register(insightRouter({ db, attention }));
  await app.register(alertsRouter({ db, auth, alerts }));
  await app.register(clientsRouter({ db }));
  await app.register(metricsRouter({ db }));
  await app.register(modelsRouter({ db, writer, onDeleted: services.onDeleted }));
  const links = createDownloadLinks({ db, isActive: auth.sessions.isActive, access: auth.access });
  const ofModels = { db, checkpoints, links, notes: auth.notes, basePath: auth.basePath, usage };
  await app.register(modelContentRouter({ ...ofModels, checkRoom: disk.check }));
  const ofTransfer = { auth, db, isEmbedded: database.kind === 'embedded', maxImportBytes: deps.maxImportBytes };
  await app.register(
    transferRouter({ ...ofTransfer, bus, checkpoints, checkRoom: disk.check, onError: services.onError }),
  );
  await app.register(uploadsRouter({ uploads: checkpoints.uploads, checkRoom: disk.check }));
  await app.register(aliasesRouter({ db, writer }));
  await app.register(prometheusRouter({ metrics, token: deps.metricsToken }));
  await app.register(
    healthRouter({ database, version, countViewers: () => hub.size, diskProblem: () => disk.problem }),
  );
  await app.register(frontend, { folder: deps.frontendFolder, basePath: auth.basePath });
  return app;
}
