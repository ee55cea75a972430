import type { ProjectId, Role, Scope } from '@rondo/protocol';

export interface User {
  readonly id: string;
  readonly username: string;
  readonly role: Role;
}

/** The user who makes a request, and the session. */
export interface Principal {
  readonly user_id: string;
  readonly username: string;
  readonly role: Role;
  readonly session_id: string;
}

/** The API key with which an FL server reports. */
export interface ReporterKey {
  readonly key_id: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly expires_at: string | null;
  readonly project_id: ProjectId;
}
