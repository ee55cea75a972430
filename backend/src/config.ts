import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { passwordSchema, usernameSchema } from './schemas/auth.ts';

const origins = z
  .string()
  .transform((list) =>
    list
      .split(',')
      .map((origin) => origin.trim())
      .filter(Boolean),
  )
  .pipe(z.array(z.url({ protocol: /^https?$/, error: 'must be a comma-separated list of http(s) origins' })));

const environmentSchema = z.object({
  HOST: z.string().min(1).default('127.0.0.1'),
  PORT: z.coerce.number({ error: 'must be a port number' }).int().min(0).max(65_535).default(8000),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/, error: 'must be a postgres:// URL' }).optional(),
  DATA_DIR: z
    .string()
    .min(1)
    .default('./data')
    .transform((folder) => resolve(folder)),
  // HS256 wants a key of at least its own 256 bits.
  SECRET_KEY: z.string().min(32, 'must have at least 32 characters').optional(),
  ALLOWED_ORIGINS: origins.optional(),
  ADMIN_USERNAME: usernameSchema.default('admin'),
  ADMIN_PASSWORD: passwordSchema.optional(),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).optional(),
  // A missed heartbeat or two of what reporters send every few seconds; Flower's own patience is about as long.
  CLIENT_OFFLINE_AFTER_S: z.coerce.number().min(1).default(60),
  // A stop reaches a live FL server within seconds; minutes leave room for a step of training that cannot be interrupted.
  COMMAND_EXPIRES_AFTER_S: z.coerce.number().min(1).default(300),
});

/** The settings, all mistakes reported together and no value repeated. */
export function readConfig(environment: NodeJS.ProcessEnv) {
  // An empty variable is one that is not set: compose files cannot say it otherwise.
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const parsed = environmentSchema.safeParse(given);
  if (!parsed.success) {
    const mistakes = parsed.error.issues.map(({ path, message }) => `  ${path.join('.')}: ${message}`);
    throw new ConfigError(`The settings have mistakes:\n${mistakes.join('\n')}`);
  }
  const { SECRET_KEY, ALLOWED_ORIGINS, ...settings } = parsed.data;
  return {
    ...settings,
    SECRET_KEY: SECRET_KEY ?? keptSecret(settings.DATA_DIR),
    ALLOWED_ORIGINS: ALLOWED_ORIGINS ?? (isLoopback(settings.HOST) ? devServer : []),
  };
}

export class ConfigError extends Error {}

/** Vite's, which only this machine's own browser can reach. */
const devServer = ['http://localhost:5173', 'http://127.0.0.1:5173'];
const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || host.startsWith('127.');

/** Made once and kept, so that sign-ins outlive a restart. */
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
