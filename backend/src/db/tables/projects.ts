import type { ProjectId } from '@rondo/protocol';
import { boolean, pgTable, text, uuid } from 'drizzle-orm/pg-core';
import { moment, textOf } from '../columns.ts';
import type { StoredRole } from './people.ts';

export const projects = pgTable('projects', {
  project_id: textOf<ProjectId>('project_id').notNull().primaryKey(),
  name: text().notNull(),
  created_at: moment('created_at').notNull(),
});

export const projectMembers = pgTable('project_members', {
  project_id: textOf<ProjectId>('project_id').notNull(),
  user_id: uuid().notNull(),
  role: textOf<StoredRole>('role').notNull(),
  added_at: moment('added_at').notNull(),
  /** A claim of the identity provider gave it, and may take it away. */
  by_claim: boolean().notNull().default(false),
});
