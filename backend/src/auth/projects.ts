import { defaultProject, type NewProject, type ProjectEdit, type ProjectId, type ProjectRole } from '@rondo/protocol';
import type { Db } from '../db/db.ts';
import type { Page } from '../db/queries/page.ts';
import {
  countOfProject,
  deleteMember,
  deleteProject,
  findMember,
  findProject,
  insertProject,
  listMembers,
  listProjects,
  lockProject,
  renameProject,
  setMember,
} from '../db/queries/projects.ts';
import { findUser, findUserByName } from '../db/queries/users.ts';
import { Conflict, NotFound } from '../errors.ts';
import { type Access, type AccessService, roleIn } from './access.ts';
import { type AuditedRequest, recordAudit } from './audit.ts';
import { type Clock, momentAt } from './clock.ts';

interface ProjectsDeps {
  readonly db: Db;
  readonly access: AccessService;
  readonly now: Clock;
  /** Then a membership that is set here would not outlive the next sign-in. */
  readonly areMembersFromProvider: boolean;
}

/** Projects and their members. The caller has checked the permission. */
export function createProjects({ db, access, now, areMembersFromProvider }: ProjectsDeps) {
  return {
    async list(by: Access, page: Page) {
      const { items, total } = await listProjects(db, { ...page, visible: by.visible });
      return { items: items.map((project) => ({ ...project, role: roleIn(by, project.id) ?? 'viewer' })), total };
    },

    async create(by: AuditedRequest, { id, name = id }: NewProject) {
      return db.transaction(async (tx) => {
        const made = await insertProject(tx, { project_id: id, name, created_at: momentAt(now()) });
        if (!made) throw new Conflict(`there is a project ${id} already`);
        await recordAudit(tx, by, { ...about(id), action: 'project.create', detail: { name } }, now);
        return { ...made, role: 'admin' as const };
      });
    },

    async rename(by: AuditedRequest, id: ProjectId, { name }: ProjectEdit) {
      return db.transaction(async (tx) => {
        const renamed = await renameProject(tx, id, name);
        if (!renamed) throw new NotFound(noProject(id));
        await recordAudit(tx, by, { ...about(id), action: 'project.update', detail: { name } }, now);
        return { ...renamed, role: 'admin' as const };
      });
    },

    async remove(by: AuditedRequest, id: ProjectId): Promise<void> {
      if (id === defaultProject) throw new Conflict('the default project always exists; rename it instead');
      await db.transaction(async (tx) => {
        if (!(await lockProject(tx, id))) throw new NotFound(noProject(id));
        const { runs, keys } = await countOfProject(tx, id);
        if (runs + keys > 0) {
          const has = `it has ${runs} runs and ${keys} API keys`;
          throw new Conflict(`project ${id} is in use: ${has}; delete or move the runs, and revoke the keys`);
        }
        await deleteProject(tx, id);
        await recordAudit(tx, by, { ...about(id), action: 'project.delete' }, now);
      });
    },

    members: (id: ProjectId, page: Page) => listMembers(db, id, page),

    /** Whole names only: an admin of a project does not see who else there is. */
    async candidates(username: string, { limit, offset }: Page) {
      const user = await findUserByName(db, username);
      const all = user && !user.disabled ? [{ user_id: user.id, username: user.username }] : [];
      return { items: all.slice(offset, offset + limit), total: all.length };
    },

    async setMember(by: AuditedRequest, project_id: ProjectId, user_id: string, role: ProjectRole) {
      const member = await db.transaction(async (tx) => {
        const user = await findUser(tx, user_id);
        if (!user) throw new NotFound(`there is no user ${user_id}`);
        refuseWhatIsTheProviders(user);
        await setMember(tx, { project_id, user_id, role, added_at: momentAt(now()) });
        const detail = { username: user.username, role };
        await recordAudit(tx, by, { ...about(project_id), action: 'member.set', detail }, now);
        return findMember(tx, project_id, user_id);
      });
      access.changed(user_id);
      if (!member) throw new NotFound(`there is no user ${user_id}`);
      return member;
    },

    async removeMember(by: AuditedRequest, project_id: ProjectId, user_id: string): Promise<void> {
      await db.transaction(async (tx) => {
        const member = await findMember(tx, project_id, user_id);
        if (!member) throw new NotFound(`project ${project_id} has no member ${user_id}`);
        const user = await findUser(tx, user_id);
        if (user) refuseWhatIsTheProviders(user);
        await deleteMember(tx, project_id, user_id);
        const detail = { username: member.username };
        await recordAudit(tx, by, { ...about(project_id), action: 'member.remove', detail }, now);
      });
      access.changed(user_id);
    },

    /** A resource that a request may not see looks the same as one that does not exist. [O5] */
    async seen(by: Access, id: ProjectId) {
      const project = roleIn(by, id) && (await findProject(db, id));
      if (!project) throw new NotFound(noProject(id));
      return project;
    },
  };

  function refuseWhatIsTheProviders({ username, provider }: { username: string; provider: string | null }): void {
    if (provider === null || !areMembersFromProvider) return;
    throw new Conflict(`the memberships of ${username} come from the identity provider; change them there`);
  }
}

const about = (id: ProjectId) => ({ target_type: 'project', target: id, project_id: id }) as const;

const noProject = (id: ProjectId): string => `there is no project ${id}`;
