import fastifyCompress from '@fastify/compress';
import fastifyCookie from '@fastify/cookie';
import fastifyCors from '@fastify/cors';
import fastifyHelmet from '@fastify/helmet';
import Fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifyRequest } from 'fastify';
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import { type AlertOptions, createAlerts } from './alerts/alerts.ts';
import { keyOfSession } from './auth/api-keys.ts';
import { theServerItself } from './auth/audit.ts';
import { createDownloadLinks } from './auth/download-links.ts';
import { authPlugin } from './auth/plugin.ts';
import type { AuthServices } from './auth/services.ts';
import { connectServers } from './bus/doorbell.ts';
import { EventBus } from './bus/event-bus.ts';
import { type CheckpointSettings, openCheckpoints } from './checkpoints/open-checkpoints.ts';
import type { Database } from './db/database.ts';
import { probeRoom, watchDisk } from './db/disk-guard.ts';
import { countWaiting } from './db/queries/alert-outbox.ts';
import { readFederation } from './db/queries/federation.ts';
import type { LogsKeep } from './db/queries/logs.ts';
import { modelTotals } from './db/queries/model-totals.ts';
import { removeBrokenImports } from './db/queries/run-imports.ts';
import { startRetention } from './db/retention.ts';
import { BadRequest } from './errors.ts';
import { startWatchingConditions } from './ingest/conditions.ts';
import { startExpiring } from './ingest/expiry.ts';
import { type KeyLimits, KeyUsage } from './ingest/key-usage.ts';
import { createModelWriter } from './ingest/model-writer.ts';
import { startSweeping } from './ingest/silence.ts';
import { type FlushWatch, IngestWriter, type WriterOptions } from './ingest/writer.ts';
import { AttentionService } from './insight/attention.ts';
import { startBackfill } from './insight/keep-summaries.ts';
import { ServerTroubles } from './insight/troubles.ts';
import { startWatchingServer } from './insight/watch-server.ts';
import { startPeriodic } from './periodic.ts';
import { basePathPlugin, withoutBase } from './plugins/base-path.ts';
import { bodyDeadline } from './plugins/body-deadline.ts';
import { errorHandler, sendProblem, toProblem } from './plugins/error-handler.ts';
import { frontend } from './plugins/frontend.ts';
import { knownParameters } from './plugins/known-parameters.ts';
import { createMetrics } from './plugins/metrics.ts';
import { openapi } from './plugins/openapi.ts';
import { nameRequest, requestId, requestIdHeader } from './plugins/request-id.ts';
import type { Tracing } from './plugins/tracing.ts';
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
import { Hub } from './websocket/hub.ts';
import { createLiveSource } from './websocket/live-source.ts';
import { liveRoute } from './websocket/route.ts';

export interface AppDeps {
  readonly database: Database;
  readonly auth: AuthServices;
  readonly logger: FastifyBaseLogger;
  readonly allowedOrigins: readonly string[];
  /** Proxies whose X-Forwarded-* headers are trusted. None by default. */
  readonly trustProxy?: string | undefined;
  readonly models: CheckpointSettings;
  /** Bytes of the file of a whole run; as many as a checkpoint, unless set. */
  readonly maxImportBytes?: number | undefined;
  readonly offlineAfterMs: number;
  /** Which log lines stay; 100,000 of each run by default. */
  readonly logsKeep?: LogsKeep | undefined;
  /** Months of metric points before this one; undefined keeps all. */
  readonly metricsKeepMonths?: number | undefined;
  readonly commandExpiresAfterMs: number;
  /** Bytes that stay free on the disk of the embedded database. [B5] */
  readonly diskReserveBytes?: number | undefined;
  /** Unbounded, unless set. [B4] */
  readonly maxClientsPerRun?: number | undefined;
  readonly maxMetricNamesPerRun?: number | undefined;
  /** What one API key may cost; unbounded, unless set. [B8] */
  readonly keyLimits?: KeyLimits | undefined;
  /** Bearer token that lets other machines read /metrics. None by default. */
  readonly metricsToken?: string | undefined;
  readonly tracing?: Tracing | undefined;
  /** Open sockets of one user or API key, and of one address. [security M5] */
  readonly socketsPerUser?: number;
  readonly socketsPerAddress?: number;
  readonly alerts: AlertOptions;
  /** How often the disk and the database are looked at. */
  readonly watchServerEveryMs?: number | undefined;
  readonly frontendFolder: string;
  readonly version: string;
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

  const bus = new EventBus();
  const metrics = createMetrics({ version, database: database.kind });
  const { tracing } = deps;
  const watch: FlushWatch = {
    origin: () => tracing?.origin(),
    flush: (group, commit) => metrics.flush(group, () => (tracing ? tracing.flush(group, commit) : commit())),
  };
  const onError = (error: unknown) => logger.error({ err: error }, 'background work failed');
  const troubles = new ServerTroubles({
    onChanged: () => {
      attention.noteTroubles();
      alerts.noteTroubles();
    },
  });
  const attention = new AttentionService({
    db,
    troubles: () => troubles.list(),
    submit: (inputs) => writer.submit(inputs),
    isBusy: () => writer.waiting.inputs > 0,
    onError,
  });
  const bounds = { clients: deps.maxClientsPerRun, metricNames: deps.maxMetricNamesPerRun };
  const usage = new KeyUsage(db, deps.keyLimits);
  const onRoundOver: WriterOptions['onRoundOver'] = (row, parts) => attention.handRound(row, parts);
  const disk = watchDisk({
    folder: deps.models.dataDir,
    reserveBytes: deps.diskReserveBytes ?? 0,
    isEmbedded: database.kind === 'embedded',
    probe: () => probeRoom(db),
    log: logger,
  });
  const writer = new IngestWriter({ db, bus, watch, bounds, onRoundOver, disk, usage });
  const models = createModelWriter(writer);
  const save: typeof models.save = async (model) => {
    const isNew = await models.save(model);
    const { version, run_id, project_id, created_by: key } = model;
    const act = {
      action: 'model.store',
      target_type: 'model',
      target: version,
      detail: { run_id, key },
      project_id,
    } as const;
    if (isNew) await auth.notes.add(theServerItself, act);
    return isNew;
  };
  const checkpoints = await openCheckpoints({
    settings: deps.models,
    db,
    ...models,
    save,
    onError,
    isKeyActive: auth.apiKeys.isActive,
    checkDay: async (key_id, upload_bytes) => (await usage.admit(key_id, { upload_bytes }))(),
  });
  const forgetUploads = (session_id: string) => {
    const key_id = keyOfSession(session_id);
    if (key_id !== undefined) checkpoints.uploads.forgetKey(key_id).catch(onError);
  };
  const onDeleted = () => void checkpoints.registry.sweep().catch(onError);
  const source = createLiveSource(db);
  const hub = new Hub({ source, onError });
  const alerts = createAlerts({
    ...deps.alerts,
    db,
    version,
    isBusy: () => writer.waiting.inputs > 0,
    show: (notice) => bus.publishAlert(db, notice),
    announceRules: (tx, project) => bus.announce(tx, { changed_alert_rules: [project] }),
    troubles: () => troubles.list(),
    count: metrics.countDelivery,
    countDuplicate: metrics.countDuplicate,
    onError,
  });
  metrics.observe({
    writer,
    hub,
    pool: database.pool,
    models: () => modelTotals(db),
    federation: () => readFederation(db),
    alerts: () => countWaiting(db),
    hasTrouble: (rule) => troubles.has(rule),
  });
  const refreshMember = (user_id: string) => {
    auth.access.noteChanged(user_id);
    auth.access.of({ user_id, role: 'viewer' }).then(({ visible }) => hub.setVisible(user_id, visible), onError);
  };
  const stopListening = bus.subscribe({
    committed: (committed) => {
      hub.publish(committed);
      attention.note(committed.run_id);
      alerts.note(committed.run_id, committed.project_id);
    },
    runDeleted: (runId) => {
      hub.forgetRun(runId);
      attention.forget(runId);
      alerts.forget(runId);
      onDeleted();
    },
    committedElsewhere: (commit) => hub.publishRemote(commit),
    sessionEnded: (id) => {
      auth.sessions.noteEnded(id);
      hub.closeSignIn(id);
      forgetUploads(id);
    },
    missed: () => {
      hub.checkAll();
      void hub.recheck(auth.isActive);
      for (const id of hub.members) refreshMember(id);
      alerts.noteMissed();
    },
    runMoved: (moved) => hub.moveRun(moved),
    membersChanged: refreshMember,
    alerted: (notice) => hub.showAlert(notice),
    alertRulesChanged: alerts.noteRules,
  });
  const stopSignIns = auth.sessions.onEnded((id) => {
    hub.closeSignIn(id);
    forgetUploads(id);
    void bus.announce(db, { ended_sessions: [id] }).catch(onError);
  });
  const stopMembers = auth.access.onChanged((id) => {
    refreshMember(id);
    void bus.announce(db, { changed_members: [id] }).catch(onError);
  });
  // Before any other can begin.
  await removeBrokenImports(db).catch(onError);
  const stopForgetting = startPeriodic(auth.forgetExpired, { everyMs: 60_000 }, onError);
  const leaveServers = connectServers(database, bus, onError);
  const stopSweeping = startSweeping({ db, writer, offlineAfterMs: deps.offlineAfterMs }, onError);
  const stopRetention = startRetention({ db, keepMonths: deps.metricsKeepMonths, logs: deps.logsKeep }, onError);
  const stopBackfill = startBackfill(db, onError);
  const stopWatching = startWatchingConditions({ db, writer }, onError);
  const stopWatchingServer = startWatchingServer(
    { database, diskProblem: () => disk.problem, troubles, everyMs: deps.watchServerEveryMs },
    onError,
  );
  const commands = { db, writer, expiresAfterMs: deps.commandExpiresAfterMs };
  const stopExpiring = startExpiring(commands, onError);
  app.addHook('onClose', async () => {
    await disk.stop();
    await Promise.all([
      stopWatchingServer(),
      stopSweeping(),
      stopWatching(),
      stopExpiring(),
      stopRetention(),
      stopBackfill(),
      stopForgetting(),
    ]);
    await Promise.all([attention.close(), alerts.close()]);
    await checkpoints.close();
    await writer.close();
    stopSignIns();
    stopMembers();
    await leaveServers();
    stopListening();
  });

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
  await app.register(fastifyHelmet, {
    contentSecurityPolicy: { directives: contentSecurity },
    hsts: { maxAge: 31_536_000 },
    frameguard: { action: 'deny' },
  });
  app.addHook('onRequest', async (_request, reply) => {
    reply.header('permissions-policy', permissions);
  });
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
  await app.register(runsRouter({ auth, db, writer, bus }));
  await app.register(liveRouter({ source }));
  await app.register(roundsRouter(commands));
  await app.register(logsRouter({ db }));
  await app.register(commandsRouter({ db }));
  await app.register(attentionRouter({ db, attention }));
  await app.register(insightRouter({ db, attention }));
  await app.register(alertsRouter({ db, auth, alerts }));
  await app.register(clientsRouter({ db }));
  await app.register(metricsRouter({ db }));
  await app.register(modelsRouter({ db, writer, onDeleted }));
  const links = createDownloadLinks({ db, isActive: auth.sessions.isActive, access: auth.access });
  const ofModels = { db, checkpoints, links, notes: auth.notes, basePath: auth.basePath, usage };
  await app.register(modelContentRouter({ ...ofModels, checkRoom: disk.check }));
  const ofTransfer = { auth, db, isEmbedded: database.kind === 'embedded', maxImportBytes: deps.maxImportBytes };
  await app.register(transferRouter({ ...ofTransfer, bus, checkpoints, checkRoom: disk.check, onError }));
  await app.register(uploadsRouter({ uploads: checkpoints.uploads, checkRoom: disk.check }));
  await app.register(aliasesRouter({ db, writer }));
  await app.register(prometheusRouter({ metrics, token: deps.metricsToken }));
  await app.register(
    healthRouter({ database, version, countViewers: () => hub.size, diskProblem: () => disk.problem }),
  );
  await app.register(frontend, { folder: deps.frontendFolder, basePath: auth.basePath });
  return app;
}

/** No page here uses any of these. */
const permissions = [
  'camera',
  'display-capture',
  'geolocation',
  'microphone',
  'payment',
  'serial',
  'usb',

  'hid',
]
  .map((feature) => `${feature}=()`)
  .join(', ');

const contentSecurity = {
  defaultSrc: ["'self'"],
  scriptSrc: ["'self'"],
  // Radix locks the page below a dialog by a <style> element of changing text, and places it by style attributes.
  styleSrc: ["'self'", "'unsafe-inline'"],
  imgSrc: ["'self'", 'data:', 'blob:'],
  // Includes the socket of the same host.
  connectSrc: ["'self'"],
  fontSrc: ["'self'"],
  objectSrc: ["'none'"],
  frameAncestors: ["'none'"],
  // Rondo is tried over plain http on one machine first.
  upgradeInsecureRequests: null,
};
