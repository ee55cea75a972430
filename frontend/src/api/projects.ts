import type { Candidate, Items, ProjectRole } from '@rondo/protocol';
import { api } from './client.ts';
import { getJson } from './resources.ts';

const of = (id: string, rest = ''): string => `/api/projects/${encodeURIComponent(id)}${rest}`;

export const projectPaths = {
  members: (id: string) => of(id, '/members?limit=200'),
};

/** Members and projects alike: a change of one may show in the other. */
export const isAboutProjects = (path: unknown): boolean => typeof path === 'string' && path.startsWith('/api/projects');

/** The id as it was typed: the server says what an id may hold. */
export async function createProject(project: { readonly id: string; readonly name?: string }): Promise<void> {
  await api.post('/api/projects', project);
}

export async function renameProject(id: string, name: string): Promise<void> {
  await api.patch(of(id), { name });
}

export async function deleteProject(id: string): Promise<void> {
  await api.delete(of(id));
}

/** Adds a member, or changes the role of one. */
export async function setMember(id: string, user_id: string, role: ProjectRole): Promise<void> {
  await api.put(of(id, `/members/${user_id}`), { role });
}

export async function removeMember(id: string, user_id: string): Promise<void> {
  await api.delete(of(id, `/members/${user_id}`));
}

/** The user of a whole name: the server lists no names. */
export const findCandidates = (id: string, username: string): Promise<Items<Candidate>> =>
  getJson<Items<Candidate>>(of(id, `/candidates?${new URLSearchParams({ username })}`));
