import type { Items, Member, Project } from '@rondo/protocol';
import useSWR from 'swr';
import { peoplePaths } from '../api/people.ts';
import {
  createProject,
  deleteProject,
  findCandidates,
  isAboutProjects,
  projectPaths,
  removeMember,
  renameProject,
  setMember,
} from '../api/projects.ts';
import { getJson } from '../api/resources.ts';
import { useChange } from './useChange.ts';

const slowPoll = { refreshInterval: 15_000, keepPreviousData: true };

/** The projects that the user sees, by id. */
export const useProjects = () =>
  useSWR(peoplePaths.projects, (path: string) => getJson<Items<Project>>(path), slowPoll);

export const useMembers = (id: string) =>
  useSWR(projectPaths.members(id), (path: string) => getJson<Items<Member>>(path), { refreshInterval: 15_000 });

/** The user whose whole name it is; nothing is asked for an empty name. */
export const useCandidates = (id: string, username: string) =>
  useSWR(username === '' ? null : ['candidates', id, username], () => findCandidates(id, username), {
    revalidateOnFocus: false,
  });

export const useCreateProject = () => useChange(createProject, isAboutProjects);
export const useRenameProject = () => useChange(renameProject, isAboutProjects);
export const useDeleteProject = () => useChange(deleteProject, isAboutProjects);
export const useSetMember = () => useChange(setMember, isAboutProjects);
export const useRemoveMember = () => useChange(removeMember, isAboutProjects);
