import type { CreatedKey, NewKey, NewUser, SignInMethods, UserEdit } from '@rondo/protocol';
import { api, bareApi } from './client.ts';

export const peoplePaths = {
  users: (offset: number, limit: number) => `/api/users?limit=${limit}&offset=${offset}`,
  keys: '/api/keys',
  projects: '/api/projects?limit=200',
  sessions: '/api/auth/sessions',
  methods: '/api/auth/methods',
  audit: (query: URLSearchParams) => `/api/audit?${query}`,
};

const startsWith = (start: string) => (path: unknown) => typeof path === 'string' && path.startsWith(start);
export const isAboutUsers = startsWith('/api/users');
export const isAboutKeys = startsWith('/api/keys');
export const isAboutSessions = startsWith('/api/auth/sessions');

export async function createUser(user: NewUser): Promise<void> {
  await api.post('/api/users', user);
}

export async function changeUser(id: string, change: UserEdit): Promise<void> {
  await api.patch(`/api/users/${id}`, change);
}

export async function deleteUser(id: string): Promise<void> {
  await api.delete(`/api/users/${id}`);
}

/** Only this response contains the key itself. */
export async function createKey(key: NewKey): Promise<CreatedKey> {
  const { data } = await api.post<CreatedKey>('/api/keys', key);
  return data;
}

export async function revokeKey(id: string): Promise<void> {
  await api.delete(`/api/keys/${id}`);
}

export async function changePassword(current_password: string, new_password: string): Promise<void> {
  await api.post('/api/auth/password', { current_password, new_password });
}

export async function endSession(id: string): Promise<void> {
  await api.delete(`/api/auth/sessions/${id}`);
}

/** Asked by who is not signed in yet. */
export async function getMethods(): Promise<SignInMethods> {
  const { data } = await bareApi.get<SignInMethods>(peoplePaths.methods);
  return data;
}
