import { chmod, readFile, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildApp } from './app.ts';
import { theServerItself } from './auth/audit.ts';
import { DAY } from './auth/clock.ts';
import { ensureAdmin } from './auth/ensure-admin.ts';
import { type AuthServices, createAuth } from './auth/services.ts';
import { answerBackups } from './backup/make-backup.ts';
import { ConfigError, readConfig } from './config.ts';
import { openDatabase } from './db/database.ts';
import { readRunTotal } from './db/queries/run-totals.ts';
import { createLogger } from './logger.ts';
import { version } from './version.ts';

const { values: options } = parseArgs({
  // Started by a person at this machine: sign-in link and demo key are for them.
  options: {
    local: { type: 'boolean', default: false },
    'no-demo': { type: 'boolean', default: false },
  },
});

// Less than the 10 s after which some supervisors kill.
const stopWithinMs = 9_000;

try {
  await start();
} catch (error) {
  console.error(error instanceof ConfigError || isExpected(error) ? error.message : error);
  process.exit(1);
}

async function start(): Promise<void> {
  const config = readConfig(process.env);
  // A terminal shows the banner; a service writes it to its log.
  const logger = createLogger(config.LOG_LEVEL ?? (options.local ? 'warn' : 'info'));
  const database = await openDatabase({ databaseUrl: config.DATABASE_URL, dataDir: config.DATA_DIR });
  if (database.lock) await answerBackups(database, config.DATA_DIR);
  const auth = createAuth({
    db: database.db,
    secretKey: config.SECRET_KEY,
    publicUrl: config.PUBLIC_URL,
    oidc: config.oidc,
    joinDefaultProject: config.JOIN_DEFAULT_PROJECT,
  });
  const { admin, needsLink } = await ensureAdmin(database.db, {
    username: config.ADMIN_USERNAME,
    password: config.ADMIN_PASSWORD,
  });
  const endpoint = config.OTEL_EXPORTER_OTLP_ENDPOINT;
  // The libraries are large, and read only by who has a use for them.
  const tracing = endpoint && (await import('./plugins/tracing.ts')).startTracing({ endpoint, version, logger });
  const app = await buildApp({
    database,
    auth,
    logger,
    allowedOrigins: config.ALLOWED_ORIGINS,
    trustProxy: config.TRUST_PROXY,
    models: {
      dataDir: config.DATA_DIR,
      storeUrl: config.MODEL_STORE_URL,
      keep: config.MODELS_KEEP,
      maxBytes: config.MODEL_MAX_BYTES,
      maxUploadsPerKey: config.KEY_UPLOADS_AT_ONCE,
    },
    maxImportBytes: config.IMPORT_MAX_BYTES,
    offlineAfterMs: config.CLIENT_OFFLINE_AFTER_S * 1_000,
    metricsKeepMonths: config.METRICS_KEEP_MONTHS,
    logsKeep: { perRun: config.LOGS_KEEP_PER_RUN, months: config.LOGS_KEEP_MONTHS },
    commandExpiresAfterMs: config.COMMAND_EXPIRES_AFTER_S * 1_000,
    diskReserveBytes: config.DISK_RESERVE_BYTES,
    maxClientsPerRun: config.MAX_CLIENTS_PER_RUN,
    maxMetricNamesPerRun: config.MAX_METRIC_NAMES_PER_RUN,
    keyLimits: {
      runsPerBatch: config.KEY_RUNS_PER_BATCH,
      bytesPerBatch: config.KEY_BYTES_PER_BATCH,
      runsPerDay: config.KEY_RUNS_PER_DAY,
      bytesPerDay: config.KEY_BYTES_PER_DAY,
      uploadBytesPerDay: config.KEY_UPLOAD_BYTES_PER_DAY,
    },
    alerts: {
      secretKey: config.SECRET_KEY,
      smtp: config.smtp,
      allowed: config.ALERT_WEBHOOK_ALLOW,
      publicUrl: config.PUBLIC_URL,
    },
    metricsToken: config.METRICS_TOKEN,
    socketsPerUser: config.SOCKETS_PER_USER,
    socketsPerAddress: config.SOCKETS_PER_ADDRESS,
    tracing: tracing || undefined,
    frontendFolder: fileURLToPath(new URL('../../frontend/dist', import.meta.url)),
    version,
  });

  let isStopping = false;
  const stop = async (signal: string) => {
    if (isStopping) return;
    isStopping = true;
    logger.info({ signal }, 'shutting down');
    // Do not wait for a hung database; acknowledged data is in its log. [B6]
    setTimeout(() => {
      logger.error('shutting down took too long: the server ends itself');
      process.kill(process.pid, 'SIGKILL');
    }, stopWithinMs).unref();
    await app.close();
    if (tracing) await tracing.stop();
    await database.close();
    process.exit(0);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void stop(signal));
  // `npm start` was killed, so no process is left to stop this server.
  if (options.local) process.on('disconnect', () => void stop('disconnect'));

  await app.listen({ host: config.HOST, port: config.PORT });
  const { port } = app.server.address() as AddressInfo;
  const url = `http://${config.HOST.includes(':') ? `[${config.HOST}]` : config.HOST}:${port}`;
  if (options.local && !options['no-demo']) await keepDemoKey(auth, config.DATA_DIR);
  const link =
    admin && (options.local || needsLink) ? `${url}/sign-in#token=${await auth.createSignInLink(admin.id)}` : null;
  const runs = await readRunTotal(database.db, { visible: null });
  if (process.send) {
    process.send({
      type: 'ready',
      url,
      sign_in_link: link,
      admin_needs_password: needsLink,
      runs,
    });
  } else {
    console.log(`Rondo ${version} is running at ${url}`);
    if (link) console.log(`Sign in as ${config.ADMIN_USERNAME}: open ${link} (works once, within an hour)`);
    if (needsLink) console.log('Then set a password under Settings, Users. Until then each start prints another link.');
  }
}

/** The key with which the demo federation on this machine reports; kept, so that a demo outlives a restart. [L8] */
async function keepDemoKey(auth: AuthServices, dataDir: string): Promise<void> {
  const path = join(dataDir, 'demo.key');
  const demoKeyMs = 60 * DAY;
  const kept = await readFile(path, 'utf8').catch(() => '');
  const isValid = await auth.apiKeys.authenticate(kept.trim(), 'models').then(
    ({ expires_at }) => expires_at !== null && Date.parse(expires_at) - Date.now() > demoKeyMs / 2,
    () => false,
  );
  if (isValid) return;
  const expires_at = new Date(Date.now() + demoKeyMs).toISOString();
  const { key } = await auth.apiKeys.create(theServerItself, {
    name: 'demo federation',
    scopes: ['ingest', 'models'],
    expires_at,
  });
  await writeFile(path, key, { mode: 0o600 });
  await chmod(path, 0o600);
}

/** An error that the operator can fix: a port or data folder in use, an unreachable database. */
function isExpected(error: unknown): error is Error {
  const code = (error as { code?: unknown }).code;
  return error instanceof Error && (typeof code === 'string' || error.message.startsWith('another Rondo server'));
}
