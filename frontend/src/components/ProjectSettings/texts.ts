import type { ProjectRole } from '@rondo/protocol';

/** The words of projects and their members. See docs/decisions/0045. */
export const texts = {
  projects: 'Projects',
  choose: 'Project',
  create: 'New project…',
  rename: 'Rename…',
  remove: 'Delete…',
  noProject: 'You are an admin of no project.',
  created: 'Created',
  id: 'Id',
  role: 'Your role',
  members: (project: string) => `Members of ${project}`,
  noMember: {
    title: 'No member yet',
    text: 'Admins of the server see every project. Add the people who work on this one.',
  },
  columns: { username: 'Username', role: 'Role', added: 'Added', remove: 'Remove' },
  roles: { viewer: 'viewer', admin: 'admin' } satisfies Record<ProjectRole, string>,
  roleOf: (username: string) => `Role of ${username}`,
  removeMember: (username: string) => `Remove ${username}`,
  removed: (username: string, project: string) => `${username} is no longer a member of ${project}.`,
  changed: (username: string, role: ProjectRole) => `${username} is now ${role === 'admin' ? 'an admin' : 'a viewer'}.`,
  added: (username: string, project: string) => `${username} is now a member of ${project}.`,
  add: {
    label: 'Add a member by the whole username',
    placeholder: 'ada',
    as: 'Role of the new member',
    option: (role: ProjectRole) => `add as ${role}`,
    isMember: 'is a member already',
    found: (count: number) => (count === 0 ? 'No user has this name. Names are matched as a whole.' : `${count} found`),
    list: 'Users of this name',
  },
  dialog: {
    createTitle: 'New project',
    renameTitle: (id: string) => `Rename ${id}`,
    id: 'Id: lower case letters, digits and hyphens; it never changes',
    name: 'Name (the id when empty)',
    create: 'Create the project',
    rename: 'Rename',
    deleteTitle: (id: string) => `Delete the project ${id}?`,
    deleteText:
      'Only a project without runs and API keys can be deleted. Its memberships go with it. This cannot be undone.',
    delete: 'Delete the project',
  },
} as const;
