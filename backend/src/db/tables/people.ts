import type { ProjectId } from '@rondo/protocol';
import { bigint, boolean, jsonb, pgTable, text, uuid } from 'drizzle-orm/pg-core';
import { moment, textOf } from '../columns.ts';

export type StoredRole = 'viewer' | 'admin';
export type StoredPurpose = 'sign_in_link' | 'ws_ticket' | 'download_link';
export type StoredScope = 'ingest' | 'models' | 'read';

export const users = pgTable('users', {
  id: uuid().primaryKey(),
  username: text().notNull(),
  password_hash: text(),
  role: textOf<StoredRole>('role').notNull(),
  disabled: boolean().notNull().default(false),
  created_at: moment('created_at').notNull(),
  provider: textOf<'oidc'>('provider'),
  issuer: text(),
  subject: text(),
  last_sign_in_at: moment('last_sign_in_at'),
});

export const sessions = pgTable('sessions', {
  id: uuid().primaryKey(),
  user_id: uuid().notNull(),
  secret_hash: text().notNull(),
  previous_hash: text(),
  rotated_at: moment('rotated_at'),
  created_at: moment('created_at').notNull(),
  last_used_at: moment('last_used_at').notNull(),
  expires_at: moment('expires_at').notNull(),
  ended_at: moment('ended_at'),
  user_agent: text(),
  address: text().notNull(),
});

export const apiKeys = pgTable('api_keys', {
  id: uuid().primaryKey(),
  key_hash: text().notNull(),
  name: text().notNull(),
  created_at: moment('created_at').notNull(),
  created_by: uuid(),
  last_used_at: moment('last_used_at'),
  revoked_at: moment('revoked_at'),
  scopes: jsonb().$type<StoredScope[]>().notNull().default(['ingest', 'models']),
  expires_at: moment('expires_at'),
  project_id: textOf<ProjectId>('project_id').notNull(),
});

export const oneUseSecrets = pgTable('one_use_secrets', {
  secret_hash: text().primaryKey(),
  purpose: textOf<StoredPurpose>('purpose').notNull(),
  user_id: uuid().notNull(),
  content: jsonb().notNull(),
  expires_at: moment('expires_at').notNull(),
});

export const audit = pgTable('audit', {
  id: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
  at: moment('at').notNull(),
  actor: text(),
  action: text().notNull(),
  target_type: text().notNull(),
  target: text(),
  detail: jsonb().$type<Readonly<Record<string, unknown>>>().notNull(),
  address: text(),
  request_id: text(),
  project_id: textOf<ProjectId>('project_id'),
});
