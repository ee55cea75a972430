import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { limits, passwordSchema, text, usernameSchema } from '@rondo/protocol';
import { z } from 'zod';
import { parseNetwork } from './alerts/addresses.ts';
import { addressesOf, asksForWrites } from './db/hosts.ts';

const list = z.string().transform((values) =>
  values
    .split(',')
    .map((value) => value.trim())
    .filter(Boolean),
);

const origins = list.pipe(
  z.array(z.url({ protocol: /^https?$/, error: 'must be a comma-separated list of http(s) origins' })),
);

const count = z.coerce.number({ error: 'must be a whole number' }).int().min(1);
const postgresUrl = z.url({ protocol: /^postgres(ql)?$/ });
const highestPort = 65_535;
const bytes = z.coerce.number({ error: 'must be a number of bytes' }).int().min(1);

const signOnSchema = z.object({
  PUBLIC_URL: z
    .url({ protocol: /^https?$/, error: 'must be an http(s) address' })
    .transform((url) => new URL(url))
    .refine(({ search, hash, username }) => search + hash + username === '', 'must have no query, fragment or user')
    .refine(({ pathname }) => isPlainPath(pathname), 'must have a plain path: letters, digits, - . _ ~ and /')
    .transform(({ origin, pathname }) => origin + pathname.replace(/\/+$/, ''))
    .optional(),
  OIDC_ISSUER: z
    .url({ protocol: /^https?$/, error: 'must be the https address of the provider' })
    // TLS is required except on loopback: the server trusts what the provider says.
    .refine((url) => url.startsWith('https:') || isLoopback(new URL(url).hostname), 'must be https')
    .optional(),
  OIDC_CLIENT_ID: z.string().min(1).optional(),
  OIDC_CLIENT_SECRET: z.string().min(1).optional(),
  OIDC_NAME: z.string().min(1).max(limits.providerName).default('Single sign-on'),
  OIDC_SCOPES: z
    .string()
    .regex(/\bopenid\b/, 'must contain openid')
    .default('openid profile email'),
  OIDC_ROLE_CLAIM: z.string().min(1).optional(),
  OIDC_ADMIN_VALUES: list.optional(),
  OIDC_VIEWER_VALUES: list.optional(),
  // Values such as `cardiology:admin` or `cardiology`; without it memberships are given in Rondo.
  OIDC_PROJECT_CLAIM: z.string().min(1).optional(),
});

/** Every setting. README, `.env.example`, Compose and Helm are checked against it. */
export const environmentSchema = signOnSchema.extend({
  HOST: z.string().min(1).default('127.0.0.1'),
  // Digits only: as a number, a blank would be 0, which is any port.
  PORT: z
    .string()
    .regex(/^\d{1,5}$/, 'must be a port number')
    .transform(Number)
    .refine((port) => port <= highestPort, 'must be a port number, at most 65535')
    .default(8000),
  // Several servers are a primary and its standbys: postgres://one:5432,two:5432/rondo
  DATABASE_URL: z
    .string()
    .refine((url) => addressesOf(url).every((each) => postgresUrl.safeParse(each).success), 'must be a postgres:// URL')
    .refine(asksForWrites, 'target_session_attrs can only be read-write or primary')
    .optional(),
  DATA_DIR: z
    .string()
    .min(1)
    .default('./data')
    .transform((folder) => resolve(folder)),
  MODEL_STORE_URL: z
    .url({ protocol: /^s3$/, error: 'must be like s3://bucket/prefix?region=eu-central-1' })
    .transform((url) => new URL(url))
    .refine(({ hostname }) => hostname !== '', 'must name a bucket')
    // A setting is read by more people than a secret may be.
    .refine(({ username }) => username === '', 'must not have credentials: they come by the environment or a profile')
    .optional(),
  MODELS_KEEP: count.optional(),
  // 16 GiB: a model of eight billion parameters in 16 bits.
  MODEL_MAX_BYTES: bytes.default(16 * 1024 ** 3),
  // A whole run with its model versions.
  IMPORT_MAX_BYTES: bytes.default(16 * 1024 ** 3),
  // HS256 wants a key of at least its own 256 bits.
  SECRET_KEY: z.string().min(32, 'must have at least 32 characters').optional(),
  ALLOWED_ORIGINS: origins.optional(),
  ADMIN_USERNAME: usernameSchema.default('admin'),
  ADMIN_PASSWORD: passwordSchema.optional(),
  // If true, a new user is a viewer of the default project; otherwise of none until an admin adds them.
  JOIN_DEFAULT_PROJECT: z
    .enum(['true', 'false'])
    .transform((value) => value === 'true')
    .default(true),
  // A page has one; twenty tabs of five browsers. Behind a proxy that is not trusted all viewers share one address.
  SOCKETS_PER_USER: count.default(100),
  SOCKETS_PER_ADDRESS: count.default(2_000),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).optional(),
  // Months of metric points to keep before the current one; older ones are dropped by the month. Unset: keep all.
  METRICS_KEEP_MONTHS: count.optional(),
  // Log lines of a run; the oldest of more are deleted. 100,000 are about 20 MB.
  LOGS_KEEP_PER_RUN: z.coerce.number({ error: 'must be a whole number' }).int().min(200).default(100_000),
  // Months that a log line is kept, by its own moment. Unset: no limit.
  LOGS_KEEP_MONTHS: count.optional(),
  // One or two missed heartbeats of a reporter that sends every few seconds; Flower's own timeout is similar.
  CLIENT_OFFLINE_AFTER_S: z.coerce.number().min(1).default(60),
  // As many as one `round_started` may select. [B4]
  MAX_CLIENTS_PER_RUN: count.default(limits.selectedClients),
  // A series has a row and an index entry for each name, and a page lists them. [B9]
  MAX_METRIC_NAMES_PER_RUN: count.default(10_000),
  // What one API key may cost; far above what a federation reports. [B8]
  KEY_RUNS_PER_BATCH: count.default(1_000),
  KEY_BYTES_PER_BATCH: bytes.max(limits.batchBytes, `must be at most ${limits.batchBytes}`).default(limits.batchBytes),
  KEY_RUNS_PER_DAY: count.default(100_000),
  KEY_BYTES_PER_DAY: bytes.default(64 * 1024 ** 3),
  KEY_UPLOADS_AT_ONCE: count.default(16),
  KEY_UPLOAD_BYTES_PER_DAY: bytes.default(1024 ** 4),
  // One transaction, those queued after it, and a checkpoint of the log: PostgreSQL hangs on a full disk. [B5]
  DISK_RESERVE_BYTES: z.coerce
    .number({ error: 'must be a number of bytes' })
    .int()
    .min(0)
    .default(256 * 1024 ** 2),
  // A stop reaches a live FL server within seconds; minutes leave room for a step of training that cannot be interrupted.
  COMMAND_EXPIRES_AFTER_S: z.coerce.number().min(1).default(300),
  // Without both, there is no e-mail.
  SMTP_HOST: z.string().min(1).optional(),
  SMTP_FROM: text(320, 3).regex(/@/, 'must be an address, such as Rondo <rondo@example.org>').optional(),
  // The port of mail submission.
  SMTP_PORT: z.coerce.number({ error: 'must be a port number' }).int().min(1).max(highestPort).default(587),
  SMTP_TLS: z.enum(['starttls', 'implicit', 'none']).default('starttls'),
  SMTP_USERNAME: z.string().min(1).optional(),
  SMTP_PASSWORD: z.string().min(1).optional(),
  // Addresses or networks, as in `10.0.0.0/8, fd00::/8`, that webhooks may reach although they are not public.
  ALERT_WEBHOOK_ALLOW: list
    .transform((values, { addIssue }) =>
      values.flatMap((value) => {
        const network = parseNetwork(value);
        if (!network) addIssue('must be a comma-separated list of addresses or networks');
        return network ? [network] : [];
      }),
    )
    .optional(),
  // Treated like a password: /metrics exposes activity volume, never content.
  METRICS_TOKEN: z.string().min(16, 'must have at least 16 characters').optional(),
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url({ protocol: /^https?$/, error: 'must be an http(s) URL' }).optional(),
  // Addresses or networks, as in `127.0.0.1, 10.0.0.0/8`, whose X-Forwarded-* headers are trusted.
  TRUST_PROXY: z
    .string()
    .regex(/^[\da-f.:/, ]+$/i, 'must be a comma-separated list of addresses or networks')
    .optional(),
});

const checked = environmentSchema.superRefine((settings, { addIssue }) => {
  const needs = (name: keyof typeof settings, other: keyof typeof settings) => {
    if (settings[name] === undefined || settings[other] !== undefined) return;
    addIssue({ code: 'custom', path: [other], message: `must be set, because ${name} is` });
  };
  needs('OIDC_ISSUER', 'OIDC_CLIENT_ID');
  needs('OIDC_ISSUER', 'PUBLIC_URL');
  needs('OIDC_ADMIN_VALUES', 'OIDC_ROLE_CLAIM');
  needs('OIDC_VIEWER_VALUES', 'OIDC_ROLE_CLAIM');
  needs('OIDC_PROJECT_CLAIM', 'OIDC_ISSUER');
  needs('SMTP_HOST', 'SMTP_FROM');
  needs('SMTP_FROM', 'SMTP_HOST');
  needs('SMTP_PASSWORD', 'SMTP_USERNAME');
});

/** The settings, all mistakes reported together and no value repeated. */
export function readConfig(environment: NodeJS.ProcessEnv) {
  // An empty variable counts as unset: Compose files cannot express the difference.
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const parsed = checked.safeParse(given);
  if (!parsed.success) {
    const mistakes = parsed.error.issues.map(({ path, message }) => `  ${path.join('.')}: ${message}`);
    throw new ConfigError(`The settings have mistakes:\n${mistakes.join('\n')}`);
  }
  const { SECRET_KEY, ALLOWED_ORIGINS, ...settings } = parsed.data;
  const allowed = ALLOWED_ORIGINS ?? [];
  return {
    ...settings,
    SECRET_KEY: SECRET_KEY ?? keptSecret(settings.DATA_DIR),
    ALLOWED_ORIGINS: settings.PUBLIC_URL === undefined ? allowed : [...allowed, new URL(settings.PUBLIC_URL).origin],
    oidc: signOnOf(settings),
    smtp: smtpOf(settings),
  };
}

/** The identity provider's settings for `createAuth`, if one is configured. */
function signOnOf(settings: z.infer<typeof signOnSchema>) {
  const { OIDC_ISSUER: issuer, OIDC_CLIENT_ID: clientId, PUBLIC_URL } = settings;
  if (issuer === undefined || clientId === undefined) return undefined;
  return {
    issuer,
    clientId,
    clientSecret: settings.OIDC_CLIENT_SECRET,
    name: settings.OIDC_NAME,
    scopes: settings.OIDC_SCOPES,
    callbackUrl: `${PUBLIC_URL}/api/auth/oidc/callback`,
    roleClaim: settings.OIDC_ROLE_CLAIM,
    adminValues: settings.OIDC_ADMIN_VALUES ?? [],
    viewerValues: settings.OIDC_VIEWER_VALUES,
    projectClaim: settings.OIDC_PROJECT_CLAIM,
  };
}

/** How e-mail is sent, if it is. */
function smtpOf({ SMTP_HOST, SMTP_FROM, SMTP_PORT, SMTP_TLS, SMTP_USERNAME, SMTP_PASSWORD }: SmtpVariables) {
  if (SMTP_HOST === undefined || SMTP_FROM === undefined) return undefined;
  return {
    host: SMTP_HOST,
    port: SMTP_PORT,
    from: SMTP_FROM,
    tls: SMTP_TLS,
    username: SMTP_USERNAME,
    password: SMTP_PASSWORD,
  };
}

type SmtpVariables = Pick<
  z.infer<typeof environmentSchema>,
  'SMTP_HOST' | 'SMTP_FROM' | 'SMTP_PORT' | 'SMTP_TLS' | 'SMTP_USERNAME' | 'SMTP_PASSWORD'
>;

/** Nothing that a proxy, a cookie or a page might write in another way. */
const isPlainPath = (path: string): boolean => /^(\/[\w.~-]+)*\/?$/.test(path);

export class ConfigError extends Error {}

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || host === '[::1]' || host.startsWith('127.');

/** Generated once and kept, so that sessions survive a restart. */
function keptSecret(dataDir: string): string {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const path = join(dataDir, 'secret.key');
  try {
    writeFileSync(path, randomBytes(48).toString('base64url'), { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return readFileSync(path, 'utf8').trim();
}
