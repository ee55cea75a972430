import { api, bareApi } from './client.ts';

export type Role = 'viewer' | 'admin';

export interface UserRecord {
  readonly id: string;
  readonly username: string;
  readonly role: Role;
  readonly disabled: boolean;
  readonly created_at: string;
  readonly last_sign_in_at: string | null;
  readonly has_password: boolean;
  /** Where they come from; `null` is this dashboard itself. */
  readonly provider: 'oidc' | null;
}

export interface UserChange {
  readonly role?: Role;
  readonly disabled?: boolean;
  readonly password?: string;
}

export type Scope = 'ingest' | 'models';

export interface ApiKey {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly created_at: string;
  readonly created_by: string | null;
  readonly last_used_at: string | null;
  readonly expires_at: string | null;
  readonly is_expired: boolean;
}

export interface NewKey {
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly expires_at: string | null;
}

export interface SignInSession {
  readonly id: string;
  readonly created_at: string;
  readonly last_used_at: string;
  readonly expires_at: string;
  readonly user_agent: string | null;
  readonly address: string;
  readonly is_current: boolean;
}

export interface AuditEntry {
  readonly id: number;
  readonly at: string;
  readonly actor: string | null;
  readonly action: string;
  readonly target_type: string;
  readonly target: string | null;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly address: string | null;
  readonly request_id: string | null;
}

export interface SignInMethods {
  readonly password: true;
  readonly oidc: { readonly name: string } | null;
}

export const peoplePaths = {
  users: (offset: number, limit: number) => `/api/users?limit=${limit}&offset=${offset}`,
  keys: '/api/keys',
  sessions: '/api/auth/sessions',
  methods: '/api/auth/methods',
  audit: (query: URLSearchParams) => `/api/audit?${query}`,
};

const startsWith = (start: string) => (path: unknown) => typeof path === 'string' && path.startsWith(start);
export const isAboutUsers = startsWith('/api/users');
export const isAboutKeys = startsWith('/api/keys');
export const isAboutSessions = startsWith('/api/auth/sessions');

export async function createUser(user: { username: string; password: string; role: Role }): Promise<void> {
  await api.post('/api/users', user);
}

export async function changeUser(id: string, change: UserChange): Promise<void> {
  await api.patch(`/api/users/${id}`, change);
}

export async function deleteUser(id: string): Promise<void> {
  await api.delete(`/api/users/${id}`);
}

/** The key itself is told only here, once. */
export async function createKey(key: NewKey): Promise<ApiKey & { readonly key: string }> {
  const { data } = await api.post<ApiKey & { readonly key: string }>('/api/keys', key);
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
