import type { ProjectId, ProjectRole, RunId } from '@rondo/protocol';
import { and, asc, eq, inArray, isNull, notInArray, type SQL, sql } from 'drizzle-orm';
import type { PgColumn } from 'drizzle-orm/pg-core';
import type { Db } from '../db.ts';
import { runs } from '../schema.ts';
import { apiKeys, users } from '../tables/people.ts';
import { projectMembers, projects } from '../tables/projects.ts';
import { countRows, type Page } from './page.ts';

/** The projects that a reader sees; null is all of them. */
export type Visible = readonly ProjectId[] | null;

/** The condition that a row's project is one of these; none for all of them. */
export const inProjects = (column: PgColumn, visible: Visible): SQL | undefined =>
  visible === null ? undefined : inArray(column, [...visible]);

/** The condition that a row is about a run of these projects, or of any that exists. */
export const ofVisibleRuns = (runId: PgColumn, visible: Visible): SQL =>
  visible === null
    ? sql`${runId} not in (select run_id from run_deletions)`
    : sql`${runId} in (select ${runs.run_id} from ${runs} where ${inProjects(runs.project_id, visible)})`;

/** True if runs exist outside these projects. */
export async function hasOtherRuns(db: Db, projects: readonly ProjectId[]): Promise<boolean> {
  const others = notInArray(runs.project_id, [...projects]);
  return (await db.select({ id: runs.run_id }).from(runs).where(others).limit(1)).length > 0;
}

export async function projectOfRun(db: Db, runId: RunId): Promise<ProjectId | undefined> {
  const [run] = await db.select({ project_id: runs.project_id }).from(runs).where(eq(runs.run_id, runId));
  return run?.project_id;
}

const shown = { id: projects.project_id, name: projects.name, created_at: projects.created_at };

/** By id. */
export async function listProjects(db: Db, { limit, offset, visible }: Page & { readonly visible: Visible }) {
  const where = inProjects(projects.project_id, visible);
  const items = await db
    .select(shown)
    .from(projects)
    .where(where)
    .orderBy(asc(projects.project_id))
    .limit(limit)
    .offset(offset);
  return { items, total: await countRows(db, projects, where) };
}

export async function findProject(db: Db, id: ProjectId) {
  const [project] = await db.select(shown).from(projects).where(eq(projects.project_id, id));
  return project;
}

/** Undefined when the id is taken. */
export async function insertProject(db: Db, project: typeof projects.$inferInsert) {
  const [inserted] = await db.insert(projects).values(project).onConflictDoNothing().returning(shown);
  return inserted;
}

export async function renameProject(db: Db, id: ProjectId, name: string) {
  const [renamed] = await db.update(projects).set({ name }).where(eq(projects.project_id, id)).returning(shown);
  return renamed;
}

/** Waits for a run or a key that is being added, and keeps further ones waiting. */
export async function lockProject(tx: Db, id: ProjectId): Promise<boolean> {
  const locked = await tx
    .select({ id: projects.project_id })
    .from(projects)
    .where(eq(projects.project_id, id))
    .for('update');
  return locked.length > 0;
}

export async function countOfProject(db: Db, id: ProjectId): Promise<{ runs: number; keys: number }> {
  const keys = and(eq(apiKeys.project_id, id), isNull(apiKeys.revoked_at));
  return { runs: await countRows(db, runs, eq(runs.project_id, id)), keys: await countRows(db, apiKeys, keys) };
}

export async function deleteProject(db: Db, id: ProjectId): Promise<void> {
  await db.delete(projects).where(eq(projects.project_id, id));
}

export interface Membership {
  readonly project_id: ProjectId;
  readonly role: ProjectRole;
}

export const membershipsOf = (db: Db, user_id: string): Promise<Membership[]> =>
  db
    .select({ project_id: projectMembers.project_id, role: projectMembers.role })
    .from(projectMembers)
    .where(eq(projectMembers.user_id, user_id))
    .orderBy(asc(projectMembers.project_id));

/** Adds a member, or changes the role of one. Given by hand, unless it says otherwise. */
export async function setMember(db: Db, member: typeof projectMembers.$inferInsert): Promise<void> {
  await db
    .insert(projectMembers)
    .values(member)
    .onConflictDoUpdate({
      target: [projectMembers.project_id, projectMembers.user_id],
      set: { role: member.role, by_claim: member.by_claim ?? false },
    });
}

/** A member who is an admin is a viewer from now on. */
export async function demoteMember(db: Db, project_id: ProjectId, user_id: string): Promise<void> {
  await db.update(projectMembers).set({ role: 'viewer' }).where(ofMember(project_id, user_id));
}

const ofMember = (project_id: ProjectId, user_id: string) =>
  and(eq(projectMembers.project_id, project_id), eq(projectMembers.user_id, user_id));

export async function deleteMember(db: Db, project_id: ProjectId, user_id: string): Promise<boolean> {
  const deleted = await db
    .delete(projectMembers)
    .where(ofMember(project_id, user_id))
    .returning({ id: projectMembers.user_id });
  return deleted.length > 0;
}

const member = {
  user_id: projectMembers.user_id,
  username: users.username,
  role: projectMembers.role,
  added_at: projectMembers.added_at,
};

/** By name. */
export async function listMembers(db: Db, project_id: ProjectId, { limit, offset }: Page) {
  const where = eq(projectMembers.project_id, project_id);
  const items = await db
    .select(member)
    .from(projectMembers)
    .innerJoin(users, eq(users.id, projectMembers.user_id))
    .where(where)
    .orderBy(asc(sql`lower(${users.username})`))
    .limit(limit)
    .offset(offset);
  return { items, total: await countRows(db, projectMembers, where) };
}

export async function findMember(db: Db, project_id: ProjectId, user_id: string) {
  const [found] = await db
    .select(member)
    .from(projectMembers)
    .innerJoin(users, eq(users.id, projectMembers.user_id))
    .where(ofMember(project_id, user_id));
  return found;
}

/**
 * Makes the memberships that a claim gives exactly these, of projects that exist; says whether anything changed. Those that
 * an admin gave stay as they are. [O4]
 */
export async function replaceMemberships(
  tx: Db,
  user_id: string,
  wanted: readonly Membership[],
  added_at: string,
): Promise<boolean> {
  const { project_id, role, by_claim } = projectMembers;
  const before = await tx
    .select({ project_id, role, by_claim })
    .from(projectMembers)
    .where(eq(projectMembers.user_id, user_id));
  const byHand = new Set(before.filter((one) => !one.by_claim).map((one) => one.project_id));
  const existing = await existingOf(tx, wanted);
  const after = wanted.filter((one) => existing.has(one.project_id) && !byHand.has(one.project_id));
  const gone = before.filter((one) => one.by_claim && !after.some((kept) => kept.project_id === one.project_id));
  const changed = after.filter(
    (one) => !before.some((known) => known.project_id === one.project_id && known.role === one.role),
  );
  for (const { project_id } of gone) await deleteMember(tx, project_id, user_id);
  for (const one of changed) await setMember(tx, { ...one, user_id, added_at, by_claim: true });
  return gone.length + changed.length > 0;
}

async function existingOf(tx: Db, wanted: readonly Membership[]): Promise<Set<ProjectId>> {
  if (wanted.length === 0) return new Set();
  const ids = wanted.map(({ project_id }) => project_id);
  const rows = await tx.select({ id: projects.project_id }).from(projects).where(inArray(projects.project_id, ids));
  return new Set(rows.map(({ id }) => id));
}
