import type { ApiKey, AuditEntry, Items, NewKey, Page, Project, SignInSession, UserRecord } from '@rondo/protocol';
import { useCallback, useState } from 'react';
import useSWR from 'swr';
import {
  changePassword,
  changeUser,
  createKey,
  createUser,
  deleteUser,
  endSession,
  getMethods,
  isAboutKeys,
  isAboutSessions,
  isAboutUsers,
  peoplePaths,
  revokeKey,
} from '../api/people.ts';
import { getJson } from '../api/resources.ts';
import { useChange } from './useChange.ts';
import { useIsAdmin } from './useSession.ts';

/** Changes to people and keys are rare, and the live stream does not carry them. */
const slowPoll = { refreshInterval: 15_000, keepPreviousData: true };

export const useUsers = (offset: number, limit: number) =>
  useSWR(peoplePaths.users(offset, limit), (path: string) => getJson<Page<UserRecord>>(path), slowPoll);

export const useKeys = () => useSWR(peoplePaths.keys, (path: string) => getJson<Items<ApiKey>>(path), slowPoll);

/** The projects of which the user is an admin. */
export function useManagedProjects(): readonly Project[] {
  const { data } = useProjectList();
  return data?.items.filter(({ role }) => role === 'admin') ?? [];
}

const useProjectList = () => useSWR(peoplePaths.projects, (path: string) => getJson<Items<Project>>(path), slowPoll);

/** The project of something new: the one that was chosen, else the default one, else any that the user manages. */
export function useChosenProject(initial: string | undefined): readonly [string, (id: string) => void] {
  const projects = useManagedProjects();
  const [chosen, choose] = useState(initial);
  const usual = projects.find(({ id }) => id === 'default') ?? projects[0];
  return [chosen ?? usual?.id ?? 'default', choose];
}

/** Whether the user manages a project, or the server; null until that is known. */
export function useManaging(): boolean | null {
  const isAdmin = useIsAdmin();
  const { data, error } = useProjectList();
  if (isAdmin) return true;
  if (data === undefined) return error === undefined ? null : false;
  return data.items.some(({ role }) => role === 'admin');
}

/** Whether the user is an admin of some project; null until that is known. */
export function useIsManager(): boolean | null {
  const { data, error } = useProjectList();
  const projects = useManagedProjects();
  return data === undefined && error === undefined ? null : projects.length > 0;
}

export const useSessions = () =>
  useSWR(peoplePaths.sessions, (path: string) => getJson<Items<SignInSession>>(path), slowPoll);

export const useAudit = (query: URLSearchParams) =>
  useSWR(peoplePaths.audit(query), (path: string) => getJson<Page<AuditEntry>>(path), slowPoll);

/** The ways to sign in beside a password. When the request fails, the password form still works. */
export const useSignInMethods = () =>
  useSWR(peoplePaths.methods, getMethods, { revalidateOnFocus: false, shouldRetryOnError: false });

export const useCreateUser = () => useChange(createUser, isAboutUsers);
export const useChangeUser = () => useChange(changeUser, isAboutUsers);
export const useDeleteUser = () => useChange(deleteUser, isAboutUsers);
export const useRevokeKey = () => useChange(revokeKey, isAboutKeys);
export const useEndSession = () => useChange(endSession, isAboutSessions);
export const useChangePassword = () => useChange(changePassword, isAboutSessions);

/** Makes a key and keeps it while it is on screen: the server returns it only this once. */
export function useCreateKey() {
  const [secret, setSecret] = useState<{ name: string; key: string } | null>(null);
  const create = useCallback(async (wanted: NewKey) => setSecret(await createKey(wanted)), []);
  const [progress, run] = useChange(create, isAboutKeys);
  return { secret, forget: () => setSecret(null), progress, create: run };
}
