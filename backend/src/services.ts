import { randomUUID } from 'node:crypto';
import type { FastifyBaseLogger } from 'fastify';
import { type AlertOptions, createAlerts } from './alerts/alerts.ts';
import { keyOfSession } from './auth/api-keys.ts';
import { theServerItself } from './auth/audit.ts';
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
import { startRunRemoval } from './db/run-removal.ts';
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
import { createMetrics } from './plugins/metrics.ts';
import type { Tracing } from './plugins/tracing.ts';
import { Hub } from './websocket/hub.ts';
import { createLiveSource } from './websocket/live-source.ts';

/** What the parts of the server are made with. */
export interface ServiceDeps {
  readonly database: Database;
  readonly auth: AuthServices;
  readonly logger: FastifyBaseLogger;
  readonly models: CheckpointSettings;
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
  readonly tracing?: Tracing | undefined;
  readonly alerts: AlertOptions;
  /** How often the disk and the database are looked at. */
  readonly watchServerEveryMs?: number | undefined;
  readonly version: string;
}

/** Makes the parts of the server, connects them, and starts what works by itself. `close` ends all of it, in order. */
export async function createServices(deps: ServiceDeps) {
  const { database, auth, logger, tracing, version } = deps;
  const { db } = database;
  const bus = new EventBus();
  const metrics = createMetrics({ version, database: database.kind });
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
    server: database.kind === 'postgresql' ? randomUUID() : undefined,
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
    committedElsewhere: (commit) => {
      hub.publishRemote(commit);
      attention.noteElsewhere(commit.run_id);
    },
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
      attention.noteMissed();
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
  const removal = startRunRemoval(db, onDeleted, onError);
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
  const close = async () => {
    await disk.stop();
    await Promise.all([
      removal.stop(),
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
  };
  return {
    bus,
    metrics,
    writer,
    removal,
    disk,
    usage,
    attention,
    alerts,
    checkpoints,
    hub,
    source,
    commands,
    onDeleted,
    onError,
    close,
  };
}
